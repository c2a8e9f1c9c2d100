"""All systems of the write-ups on the real data: trained, in a table and on charts."""
