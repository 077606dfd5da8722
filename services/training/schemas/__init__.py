"""Bodies at the HTTP edge → commands. Unknown fields are refused, so neither names nor national ids slip in."""
