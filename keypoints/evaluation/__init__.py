"""How wrong points are: of each face and point, by subset and region, and why."""
