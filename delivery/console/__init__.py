"""What a person at a terminal, or a log, gets to see, and what they are asked.

Decides how progress, tables, questions and refusals look, and that Ctrl-C waits for what must end in order. Knows
nothing of stacks, images or Google."""
