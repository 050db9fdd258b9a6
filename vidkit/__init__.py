"""vidkit turns lessons written as JSON into narrated videos."""
