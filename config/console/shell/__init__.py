"""What stands around every page: the site, theme and navigation, the palette, the health dot."""
