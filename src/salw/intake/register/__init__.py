"""Register import: an armoury's own file, read, mapped, checked row by row, staged and taken on charge."""
