package secret

import (
	"context"
	"fmt"
	"log/slog"
)

// Handler wraps next so that message, keys and values of each record pass through Redact. Values that are neither
// numbers, times nor strings are written out as text first, because a mask cannot reach into them.
// Attributes given by With are masked at that moment: register secrets first.
func (r *Redactor) Handler(next slog.Handler) slog.Handler { return &handler{r, next} }

type handler struct {
	redactor *Redactor
	next     slog.Handler
}

// Enabled asks the wrapped handler.
func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

// Handle passes a masked copy of the record on.
func (h *handler) Handle(ctx context.Context, record slog.Record) error {
	masked := slog.NewRecord(record.Time, record.Level, h.redactor.Redact(record.Message), record.PC)
	record.Attrs(func(a slog.Attr) bool {
		masked.AddAttrs(h.redactor.attr(a))
		return true
	})
	return h.next.Handle(ctx, masked)
}

// WithAttrs masks the attributes and hands them to the wrapped handler.
func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return &handler{h.redactor, h.next.WithAttrs(h.redactor.attrs(attrs))}
}

// WithGroup opens a group in the wrapped handler.
func (h *handler) WithGroup(name string) slog.Handler {
	return &handler{h.redactor, h.next.WithGroup(h.redactor.Redact(name))}
}

func (r *Redactor) attrs(in []slog.Attr) []slog.Attr {
	out := make([]slog.Attr, len(in))
	for i, a := range in {
		out[i] = r.attr(a)
	}
	return out
}

func (r *Redactor) attr(a slog.Attr) slog.Attr {
	if a.Key == "" && a.Value.Kind() != slog.KindGroup && a.Value.Equal(slog.Value{}) {
		return a // the empty attribute, which handlers leave out
	}
	return slog.Attr{Key: r.Redact(a.Key), Value: r.value(a.Value.Resolve())}
}

func (r *Redactor) value(v slog.Value) slog.Value {
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(r.Redact(v.String()))
	case slog.KindGroup:
		return slog.GroupValue(r.attrs(v.Group())...)
	case slog.KindAny:
		return r.any(v.Any())
	default:
		return v
	}
}

func (r *Redactor) any(v any) slog.Value {
	switch v := v.(type) {
	case nil:
		return slog.AnyValue(nil)
	case []string:
		masked := make([]string, len(v))
		for i, s := range v {
			masked[i] = r.Redact(s)
		}
		return slog.AnyValue(masked)
	case []byte:
		return slog.StringValue(r.Redact(string(v)))
	case error:
		return slog.StringValue(r.Redact(fmt.Sprintf("%v", v))) // fmt survives a nil pointer inside an error
	default:
		return slog.StringValue(r.Redact(fmt.Sprintf("%+v", v)))
	}
}
