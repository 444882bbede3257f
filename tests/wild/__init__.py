"""Models as projects have them: saves of their own, fields that fill themselves, odd signatures."""
