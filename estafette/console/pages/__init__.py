"""The pages, one file each. `page(core)` makes it; its TABLE says what it answers."""
