"""The rivals' models, made from the fp32 graph with the rivals' own tools."""
