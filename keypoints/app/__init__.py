"""The page: pictures in, points out, on this computer only."""
