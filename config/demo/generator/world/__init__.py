"""What a whole run of the generator agrees on: time, chance, places, names, goods, sources."""
