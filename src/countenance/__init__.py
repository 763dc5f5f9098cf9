"""Countenance: from one master shoot to released, labelled, measurable variants."""

__version__ = "0.1.0"
