"""Work on what users wrote, in child processes: a wall around whatever it asks for.

Counts come first (how deep, how long, how often), where the work is done. The wall is for what
no count foresaw: a child that computes or allocates past its limits, or crashes, is gone, and
whoever asked is told; everybody else is answered meanwhile.

`child` runs in the child, `children` holds one from the outside, `marks` tells which item it is
at, `pool` shares some among threads.
"""
