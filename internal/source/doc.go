// Package source reads YAML files that people write, keeps the place of every word, and reports problems the way people
// can act on: file, line and column, the line itself, a caret, and a hint.
//
// Parse gives a tree of Nodes; a Decoder reads typed values from it and collects every problem in one pass; Expand fills
// ${NAME} into single values after parsing, so that a secret can never change the structure; Render prints problems.
// The package does not know what the files mean, and it touches neither the file system nor the environment.
package source
