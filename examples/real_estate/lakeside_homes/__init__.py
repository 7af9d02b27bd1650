"""An estate agency that shows flats and houses: a vertical written against Cordboard's public surface alone."""
