package strictjson_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"signoff/internal/strictjson"
)

// FuzzCheck holds Check against encoding/json: what Check accepts is valid, and what it calls a syntax error is not.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{`{"a":[1,2.5e3,"x\u00e9",null,true]}`, `{"a":1,"A":2}`, `"\ud83d\ude00"`, `[[[[]]]]`, `{"a":1e400}`, "\"\xff\""} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		err := strictjson.Check(data, strictjson.Limits{})
		valid := json.Valid(data)
		if err == nil {
			if !valid {
				t.Fatalf("Check accepts %q, which is not JSON", data)
			}
			var v any
			if err := strictjson.Decode(data, &v, strictjson.Limits{}); err != nil {
				t.Fatalf("Check accepts %q, Decode says %v", data, err)
			}
			return
		}
		bad, ok := errors.AsType[*strictjson.Error](err)
		if !ok || bad.Offset < 0 || bad.Offset > int64(len(data)) {
			t.Fatalf("Check(%q) = %v: not an *Error with a place inside", data, err)
		}
		if valid && (bad.Kind == strictjson.Syntax || bad.Kind == strictjson.Trailing || bad.Kind == strictjson.Empty) {
			t.Fatalf("Check(%q) = %v, but encoding/json accepts it", data, err)
		}
	})
}

// webhook is a body of about 4 KiB with the shape of a Slack interaction.
func webhook() []byte {
	var b strings.Builder
	b.WriteString(`{"type":"block_actions","team":{"id":"T1","domain":"lumen"},"user":{"id":"U1","name":"maya"},"blocks":[`)
	for i := range 14 {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"section","block_id":"b%d","text":{"type":"mrkdwn","text":"Nova banner *300x250* \u2014 needs your review, Chlo\u00e9 said: \"by Friday\"","verbatim":false},"accessory":{"type":"button","action_id":"approve","value":"CR-142/%d"}}`, i, i)
	}
	b.WriteString(`],"actions":[{"action_id":"approve","action_ts":"1795192200.000100"}]}`)
	return []byte(b.String())
}

func BenchmarkCheck_4KiB(b *testing.B) {
	body := webhook()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		if err := strictjson.Check(body, strictjson.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecode_4KiB(b *testing.B) {
	body := webhook()
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	type text struct{ Type, Text string }
	for b.Loop() {
		var v struct {
			Type string `json:"type"`
			Team struct {
				ID string `json:"id"`
			} `json:"team"`
			Blocks []struct {
				Type string `json:"type"`
				Text text   `json:"text"`
			} `json:"blocks"`
		}
		if err := strictjson.Decode(body, &v, strictjson.Limits{}); err != nil {
			b.Fatal(err)
		}
	}
}
