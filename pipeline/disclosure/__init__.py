"""The one door to what is published: public numbers are new objects, rounded and withheld before they exist."""
