// Package examples holds rule files that can be used as they are or as a start: `signoff init` writes one of them,
// `signoff demo` runs on one, and tests compile and play them all.
package examples

import (
	"embed"
	"fmt"
	"io/fs"
)

//go:embed studio/*.yaml brand-team/*.yaml publisher/*.yaml
var files embed.FS

// File is one file of an example. Name is its path below rules/examples: "studio/studio.yaml".
type File struct {
	Name string
	Data []byte
}

// Names lists the examples: an agency's studio, a brand team in a company, and a publisher.
func Names() []string { return []string{"studio", "brand-team", "publisher"} }

// Files returns the files of an example, sorted by name. Unknown names are an error.
func Files(name string) ([]File, error) {
	paths, err := fs.Glob(files, name+"/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("list example %q: %w", name, err)
	}
	if len(paths) == 0 {
		return nil, fmt.Errorf("there is no example %q", name)
	}
	out := make([]File, 0, len(paths))
	for _, path := range paths {
		data, err := files.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("read example: %w", err)
		}
		out = append(out, File{Name: path, Data: data})
	}
	return out, nil
}
