/*
 * RIG_TODO("what"): a point of a new port that somebody still has to fill in. The compiler says it, `rig build` lists all of
 * a port's, and `rig run` refuses a board whose port has one. Take the line away when it is done. In files that are not C it
 * stands in a comment.
 */
#ifndef RIG_TODO_H
#define RIG_TODO_H

#define RIG_TODO_PRAGMA(text) _Pragma(#text)
#define RIG_TODO(what) RIG_TODO_PRAGMA(message "TODO: " what)

#endif
