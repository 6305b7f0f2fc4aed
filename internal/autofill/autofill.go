// Package autofill asks a language model which values a request's words hold. It only reads: what comes back is a
// suggestion that a person sees beside the words it was taken from, and everything that cannot be traced to those words is
// dropped. Where the model is late, absent or talks nonsense, the rules' own reading stands as it is.
//
// It speaks the chat completions interface that OpenAI defined and most self-hosted servers offer
// (https://platform.openai.com/docs/api-reference/chat, response_format json_schema).
package autofill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"signoff/internal/flow"
	"signoff/internal/secret"
	"signoff/internal/strictjson"
)

const (
	mostWords  = 16 << 10 // bytes of a text that are sent
	mostAnswer = 64 << 10 // bytes of an answer that are read
	mostValue  = 1000     // characters of one value
	mostFields = 60
)

// Options say which server is asked. BaseURL ends before /chat/completions: https://llm.lumen.example/v1.
type Options struct {
	BaseURL string
	Model   string
	Key     secret.Secret // sent as bearer token where it is not empty
	Timeout time.Duration // for one answer; default 3 s
	HTTP    *http.Client
}

// Model reads words with the help of a server.
type Model struct{ o Options }

// New returns a Model that has not spoken to its server yet.
func New(o Options) *Model {
	if o.Timeout <= 0 {
		o.Timeout = 3 * time.Second
	}
	o.BaseURL = strings.TrimRight(o.BaseURL, "/")
	return &Model{o: o}
}

// Suggest reads the words of a form. Every value it returns stands in From with the words it was read from, which occur in
// the form's text exactly so. Types other than those given, fields that the type does not have, choices that are none and
// values without their words are left out; whether a value fits its field otherwise is for the rules to say. An error means
// that nothing was learned; it holds neither the words nor the key.
func (m *Model) Suggest(ctx context.Context, f flow.Form, types []flow.RequestType) (flow.Prefill, error) {
	words := clip(f.Title+"\n\n"+f.Text, mostWords)
	ctx, cancel := context.WithTimeout(ctx, m.o.Timeout)
	defer cancel()
	said, err := m.ask(ctx, question(words, f.Type, types))
	if err != nil {
		return flow.Prefill{}, fmt.Errorf("read words with a model: %w", err)
	}
	return said.checked(words, f.Type, types), nil
}

// answer is what the model has to say, by the schema that is sent along.
type answer struct {
	Type      string  `json:"type"`
	TypeWords string  `json:"type_words"`
	Fields    []value `json:"fields"`
}

type value struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	Words string `json:"words"`
}

// checked keeps what can be traced to the words.
func (a answer) checked(words, chosen string, types []flow.RequestType) flow.Prefill {
	out := flow.Prefill{Type: chosen, Fields: map[string][]string{}, From: map[string]string{}}
	if i := named(types, a.Type); chosen == "" && i >= 0 && occurs(words, a.TypeWords) {
		out.Type, out.From["type"] = a.Type, a.TypeWords
	}
	i := named(types, out.Type)
	if i < 0 {
		return out
	}
	for _, v := range a.Fields[:min(len(a.Fields), mostFields)] {
		field := slices.IndexFunc(types[i].Fields, func(f flow.Field) bool { return f.Name == v.Name })
		if field < 0 || !occurs(words, v.Words) || strings.TrimSpace(v.Value) == "" || utf8.RuneCountInString(v.Value) > mostValue {
			continue
		}
		add(&out, types[i].Fields[field], v)
	}
	return out
}

// add keeps one value; only lists and choices take several.
func add(out *flow.Prefill, f flow.Field, v value) {
	if len(f.Choices) > 0 && !slices.Contains(f.Choices, v.Value) {
		return
	}
	many := f.Type == "list" || f.Type == "choices"
	if len(out.Fields[f.Name]) > 0 && !many || slices.Contains(out.Fields[f.Name], v.Value) {
		return
	}
	out.Fields[f.Name] = append(out.Fields[f.Name], v.Value)
	if out.From[f.Name] == "" {
		out.From[f.Name] = v.Words
	}
}

func named(types []flow.RequestType, name string) int {
	return slices.IndexFunc(types, func(t flow.RequestType) bool { return t.Name == name && name != "" })
}

func occurs(words, part string) bool {
	return strings.TrimSpace(part) != "" && strings.Contains(words, part)
}

func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	for most > 0 && !utf8.RuneStart(s[most]) {
		most--
	}
	return s[:most]
}

// completion is the part of an answer that is read.
type completion struct {
	Choices []struct {
		Message struct {
			Content string `json:"content"`
		} `json:"message"`
	} `json:"choices"`
}

var errTooLong = errors.New("the answer is too long")

// ask sends a question and reads the answer strictly.
func (m *Model) ask(ctx context.Context, q request) (answer, error) {
	q.Model = m.o.Model
	body, err := json.Marshal(q)
	if err != nil {
		return answer{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, m.o.BaseURL+"/chat/completions", bytes.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	if key := m.o.Key.Reveal(); key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	resp, err := m.o.HTTP.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(resp.Body, mostAnswer+1))
	switch {
	case err != nil:
		return answer{}, err
	case resp.StatusCode != http.StatusOK:
		return answer{}, fmt.Errorf("the server answers %d", resp.StatusCode)
	case len(raw) > mostAnswer:
		return answer{}, errTooLong
	}
	return read(raw)
}

// read takes the answer out of its envelope and holds it against the schema.
func read(raw []byte) (answer, error) {
	var c completion
	if err := strictjson.Decode(raw, &c, strictjson.Limits{Bytes: mostAnswer}); err != nil {
		return answer{}, fmt.Errorf("the envelope is not what was agreed: %w", err)
	}
	if len(c.Choices) == 0 {
		return answer{}, errors.New("the answer is empty")
	}
	content := []byte(c.Choices[0].Message.Content)
	if err := strictjson.Check(content, strictjson.Limits{Bytes: mostAnswer}); err != nil {
		return answer{}, fmt.Errorf("the answer is not what was agreed: %w", err)
	}
	var a answer
	d := json.NewDecoder(bytes.NewReader(content))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return answer{}, errors.New("the answer does not fit the schema")
	}
	return a, nil
}
