"""Networks: loss surfaces of layered maps, made of modules whose derivatives are closed forms."""
