package source

import (
	"cmp"
	"fmt"
	"slices"
)

// Pos is a place in a file. Line and Col count from 1, Col and Len in characters. The zero Line means the file as a whole.
type Pos struct {
	File           string
	Line, Col, Len int
}

func (p Pos) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Col)
}

// Level tells how grave a problem is.
type Level int

// An Error keeps a file from being used, a Warning does not.
const (
	Error Level = iota
	Warning
)

func (l Level) String() string {
	if l == Warning {
		return "warning"
	}
	return "error"
}

// Problem is one thing wrong with a file.
type Problem struct {
	Pos     Pos
	Level   Level
	Code    string // SO112
	Message string // what is wrong, one line
	Hint    string // what to do, shown under the caret: did you mean "needs"?
}

func (p Problem) String() string {
	s := fmt.Sprintf("%s  %s %s  %s", p.Pos, p.Level, p.Code, p.Message)
	if p.Hint != "" {
		s += " (" + p.Hint + ")"
	}
	return s
}

// Problems collects what is wrong. The zero value is ready.
type Problems []Problem

// Add appends problems.
func (ps *Problems) Add(p ...Problem) { *ps = append(*ps, p...) }

// Errorf adds an error without a hint.
func (ps *Problems) Errorf(at Pos, code, format string, args ...any) {
	ps.Add(Problem{Pos: at, Code: code, Message: fmt.Sprintf(format, args...)})
}

// Warnf adds a warning without a hint.
func (ps *Problems) Warnf(at Pos, code, format string, args ...any) {
	ps.Add(Problem{Pos: at, Level: Warning, Code: code, Message: fmt.Sprintf(format, args...)})
}

// Hint sets the hint of the problem that was added last.
func (ps Problems) Hint(format string, args ...any) {
	if len(ps) > 0 {
		ps[len(ps)-1].Hint = fmt.Sprintf(format, args...)
	}
}

// Sort orders by file and place, and drops exact repetitions.
func (ps *Problems) Sort() {
	slices.SortStableFunc(*ps, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Pos.File, b.Pos.File), cmp.Compare(a.Pos.Line, b.Pos.Line), cmp.Compare(a.Pos.Col, b.Pos.Col),
			cmp.Compare(a.Level, b.Level), cmp.Compare(a.Code, b.Code), cmp.Compare(a.Message, b.Message))
	})
	*ps = slices.Compact(*ps)
}

// Errors counts the errors.
func (ps Problems) Errors() int { return ps.count(Error) }

// Warnings counts the warnings.
func (ps Problems) Warnings() int { return ps.count(Warning) }

func (ps Problems) count(l Level) int {
	n := 0
	for _, p := range ps {
		if p.Level == l {
			n++
		}
	}
	return n
}

// Without returns the problems minus the warnings with one of the codes. Errors cannot be switched off.
func (ps Problems) Without(codes []string) Problems {
	return slices.DeleteFunc(slices.Clone(ps), func(p Problem) bool { return p.Level == Warning && slices.Contains(codes, p.Code) })
}
