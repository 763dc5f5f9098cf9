"""Who allowed what: consent grants, their withdrawal, and whether they cover a use."""
