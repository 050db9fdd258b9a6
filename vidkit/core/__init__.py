"""What everything rests on: errors, events, the loop, paths, words for people."""
