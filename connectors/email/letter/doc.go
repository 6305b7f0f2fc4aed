// Package letter reads a raw mail: who wrote what to whom, what is new in it, which files it carries, what kind of mail it is,
// and whether its sender is who they say.
//
// It takes bytes and returns values. It opens no connection and keeps nothing; names are looked up only through the functions
// that Verify is given. Whatever the bytes are, Read answers with a Letter: a mail that breaks the limits of structure comes
// back with its headers, the reason in Refused and the whole mail as its only file, so that nothing is ever dropped.
//
// The structure of a mail is found in one pass over its lines, before anything is decoded; enmime then decodes one part at a
// time and never sees the nesting. HTML becomes the document tree straight from its tokens: an element that the tree has no word
// for leaves its words and nothing else. Both take time in proportion to their input and stop at fixed bounds.
package letter
