// Package strictjson reads JSON from outside the way a signature check needs it: every byte means one thing.
//
// encoding/json matches field names in any case and lets the last of several equal keys win, so that
// {"team_id":"T1","TEAM_ID":"T2"} reads as T2. Here a key that occurs twice in an object, also in another case,
// is malformed, and a struct field is filled only by its exact name. Also malformed: data after the value, deep nesting,
// numbers that no float64 holds, invalid UTF-8, lone surrogates, and NUL, which stores and terminals treat
// in their own ways. Unknown fields are allowed, because vendors add fields.
package strictjson

import (
	"encoding/json"
	"errors"
	"fmt"
)

// Limits bound what is read. A zero field means its default.
type Limits struct {
	Bytes  int // length of the document, default 1 MiB
	Depth  int // nested arrays and objects, default 64
	Number int // length of a number as written, default 64
}

func (l Limits) orDefault() Limits {
	if l.Bytes == 0 {
		l.Bytes = 1 << 20
	}
	if l.Depth == 0 {
		l.Depth = 64
	}
	if l.Number == 0 {
		l.Number = 64
	}
	return l
}

// Kind says what is wrong with a document.
type Kind string

// The kinds of error. The words appear in messages and may be used as metric labels.
const (
	Syntax    Kind = "syntax error"
	Empty     Kind = "no value"
	Trailing  Kind = "data after the value"
	Duplicate Kind = "key occurs twice"
	CaseTwin  Kind = "keys differ only in case"
	TooDeep   Kind = "nested too deep"
	TooLong   Kind = "document too long"
	Number    Kind = "number out of range"
	Nul       Kind = "NUL character"
	Surrogate Kind = "lone surrogate"
	Encoding  Kind = "invalid UTF-8"
	Type      Kind = "wrong type"
)

// Error says what is wrong and where. It holds nothing of the document but the key concerned.
type Error struct {
	Kind   Kind
	Offset int64  // of the byte at fault
	Key    string // the repeated key, or the path of the field with the wrong type
	Err    error  // what encoding/json said, for Type
}

func (e *Error) Error() string {
	if e.Key != "" {
		return fmt.Sprintf("malformed JSON at byte %d: %s: %q", e.Offset, e.Kind, clip(e.Key))
	}
	return fmt.Sprintf("malformed JSON at byte %d: %s", e.Offset, e.Kind)
}

// Unwrap returns what encoding/json said, if it was asked.
func (e *Error) Unwrap() error { return e.Err }

func clip(key string) string {
	const most = 64
	if len(key) > most {
		return key[:most] + "…"
	}
	return key
}

// Check reads data once and returns an *Error if it is not one strict JSON value.
func Check(data []byte, l Limits) error {
	s := scanner{data: data, limits: l.orDefault()}
	return s.document(nil)
}

// Decode is Check followed by json.Unmarshal into v, except that struct fields are filled only by keys of exactly their name.
// Keys that differ only in case are refused where v has a field or a map for them; among what v leaves out they are let pass.
// Types with an UnmarshalJSON of their own decide for themselves what is below them. All errors are of type *Error.
func Decode(data []byte, v any, l Limits) error {
	s := scanner{data: data, limits: l.orDefault(), decode: true}
	if err := s.document(shapeRoot(v)); err != nil {
		return err
	}
	return unmarshal(s.blanked(), v)
}

func unmarshal(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	bad := &Error{Kind: Type, Err: err}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		bad.Offset, bad.Key = wrong.Offset, wrong.Field
	}
	return bad
}
