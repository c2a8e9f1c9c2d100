"""What goes into results/: each module is a command that measures and writes pages."""
