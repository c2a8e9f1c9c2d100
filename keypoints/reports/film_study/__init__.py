"""How steadily faces are followed on drawn films, beside other programs."""
