package slack

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"signoff/internal/flow"
	"signoff/internal/text"
)

var addressWords = regexp.MustCompile(`https?://[^\s<>"|]+`)

// addressesOf are the addresses of an event as the engine looks for them: of links, in words, in fields and of files.
func addressesOf(ev flow.Event) (list []string) {
	words := func(s string) {
		for _, a := range addressWords.FindAllString(s, -1) {
			list = append(list, strings.TrimRight(strings.TrimRight(a, ")"), ".,;:!?'*_~"))
		}
	}
	ev.Body.Walk(func(n text.Node) {
		if n.Kind == text.Link {
			list = append(list, n.Href)
		}
		words(n.Text)
	})
	for _, name := range slices.Sorted(maps.Keys(ev.Fields)) {
		words(strings.Join(ev.Fields[name], "\n"))
	}
	for _, f := range ev.Files {
		words(f.URL)
	}
	return list
}

// The addresses that people copy from Figma and Frame.io.
const (
	figmaLink   = "https://www.figma.com/design/AbC123xyz/_Spring_banner_*v2*-~final~?node-id=12-345&t=x_Y-1&m=dev"
	frameioLink = "https://next.frame.io/project/7f3a_1-b2/view/9c_d4-e5?version=v_2&scrollToComment=true"
)

func quoted(t *testing.T, s string) string {
	t.Helper()
	b, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestAddresses_InEveryFormOfSlacks: however a link stands in a message, its bare address is in what the engine looks through.
func TestAddresses_InEveryFormOfSlacks(t *testing.T) {
	t.Parallel()
	for _, link := range []string{figmaLink, frameioLink} {
		sent := escape(link) // Slack escapes what stands in a text
		label := link[strings.Index(link, "://")+3:]
		raw := quoted(t, link)
		section := func(elements string) string {
			return `"text":"see it","blocks":` + richSection(elements+`,{"type":"text","text":" now","style":{"bold":true}}`)
		}
		block := func(kind, elements string) string {
			return fmt.Sprintf(`"text":"see it","blocks":[{"type":"rich_text","elements":[{"type":%q,"elements":[%s]}]}]`, kind, elements)
		}
		said := func(words string) string { return `"text":` + quoted(t, words) }
		for name, m := range map[string]string{
			"alone":                     said("<" + sent + ">"),
			"labelled":                  said("the <" + sent + "|Spring banner> please"),
			"labelled with itself":      said("<" + sent + "|" + escape(label) + ">"),
			"before a full stop":        said("See <" + sent + ">."),
			"in brackets":               said("(see <" + sent + ">)"),
			"in bold":                   said("*see <" + sent + ">*"),
			"in italics":                said("_<" + sent + "|it>_"),
			"in a quote":                said("&gt; <" + sent + ">\nplease"),
			"in a list":                 said("• <" + sent + ">\n• and this"),
			"in code":                   said("`" + sent + "`"),
			"as a link in code":         said("`<" + sent + ">`"),
			"labelled in code":          said("`<" + sent + "|it>`"),
			"in a code block":           said("```\n" + sent + "\n```"),
			"as a link in code block":   said("```<" + sent + ">```"),
			"without brackets":          said("see " + sent + ", please."),
			"bare in italics":           said("_see " + sent + "_"),
			"bare in brackets":          said("(" + sent + ")"),
			"behind a mention":          said("<@U0ANA00001> <" + sent + ">"),
			"rich":                      section(`{"type":"link","url":` + raw + `}`),
			"rich, labelled":            section(`{"type":"link","url":` + raw + `,"text":"Spring banner"}`),
			"rich, in bold":             section(`{"type":"link","url":` + raw + `,"style":{"bold":true}}`),
			"rich, in code":             section(`{"type":"link","url":` + raw + `,"style":{"code":true}}`),
			"rich, labelled in code":    section(`{"type":"link","url":` + raw + `,"text":"it","style":{"code":true}}`),
			"rich, as words":            section(`{"type":"text","text":` + quoted(t, "see "+link+".") + `}`),
			"rich, as words in code":    section(`{"type":"text","text":` + raw + `,"style":{"code":true}}`),
			"rich, escaped":             section(`{"type":"link","url":` + quoted(t, sent) + `}`),
			"rich code block":           block("rich_text_preformatted", `{"type":"link","url":`+raw+`}`),
			"rich code block, labelled": block("rich_text_preformatted", `{"type":"link","url":`+raw+`,"text":"it"}`),
			"rich code block, short":    block("rich_text_preformatted", `{"type":"link","url":`+raw+`,"text":`+quoted(t, label)+`}`),
			"rich quote":                block("rich_text_quote", `{"type":"link","url":`+raw+`,"text":"it"}`),
			"rich list":                 block("rich_text_list", `{"type":"rich_text_section","elements":[{"type":"link","url":`+raw+`}]}`),
			"rich alone":                `"text":"This content can't be displayed.","blocks":` + richSection(`{"type":"link","url":`+raw+`,"text":"it"}`),
			"section of an app":         `"text":"","blocks":[{"type":"section","text":{"type":"mrkdwn","text":` + quoted(t, "Lin shared <"+sent+"|it>") + `}}]`,
			"bare section of an app":    `"text":"","blocks":[{"type":"section","text":{"type":"mrkdwn","text":` + quoted(t, "Lin shared "+sent) + `}}]`,
			"field of an app":           `"text":"","blocks":[{"type":"section","fields":[{"type":"mrkdwn","text":"*File*"},{"type":"mrkdwn","text":` + quoted(t, "<"+sent+"|it>") + `}]}]`,
			"button of an app":          `"text":"","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"Lin shared a file"}},{"type":"actions","elements":[{"type":"button","text":{"type":"plain_text","text":"Open"},"url":` + raw + `}]}]`,
			"accessory of an app":       `"text":"","blocks":[{"type":"section","text":{"type":"mrkdwn","text":"Lin shared a file"},"accessory":{"type":"button","text":{"type":"plain_text","text":"Open"},"url":` + raw + `}}]`,
			"attachment":                `"text":"","attachments":[{"id":1,"title":"Spring banner","title_link":` + raw + `,"text":"Lin shared a file"}]`,
			"attachment, fallback":      `"text":"","attachments":[{"id":1,"fallback":` + quoted(t, "Lin shared "+sent) + `}]`,
			"unfurled":                  `"text":"","attachments":[{"id":1,"from_url":` + raw + `,"original_url":` + raw + `,"service_name":"Figma","title":"Spring banner","text":"by Lin"}]`,
			"unfurled by an app":        `"text":"","attachments":[{"id":1,"is_app_unfurl":true,"app_unfurl_url":` + raw + `,"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"Spring banner"}}]}]`,
			"field of an attachment":    `"text":"","attachments":[{"id":1,"title":"Lin shared a file","fields":[{"title":"File","value":` + quoted(t, "<"+sent+"|it>") + `}]}]`,
			"action of an attachment":   `"text":"","attachments":[{"id":1,"title":"Lin shared a file","actions":[{"type":"button","text":"Open","url":` + raw + `}]}]`,
			"forwarded":                 `"text":"please look","attachments":[{"id":1,"is_share":true,"is_msg_unfurl":true,"from_url":"https://lumen.slack.com/archives/C1/p1","author_name":"Lin","text":` + quoted(t, "here it is: <"+sent+"|it>") + `,"fallback":"[Friday] lin: here it is"}]`,
			"forwarded without words":   `"text":"","attachments":[{"id":1,"is_share":true,"is_msg_unfurl":true,"from_url":"https://lumen.slack.com/archives/C1/p1","author_name":"Lin","text":` + quoted(t, "here it is: <"+sent+">") + `}]`,
			"forwarded blocks":          `"text":"please look","attachments":[{"id":1,"is_share":true,"text":"x","message_blocks":[{"team":"T1","channel":"C1","ts":"1.1","message":{"blocks":` + richSection(`{"type":"link","url":`+raw+`}`) + `}}]}]`,
			"a file that is kept there": `"text":"please look","subtype":"file_share","files":[{"id":"F1","name":"Spring banner","mode":"external","is_external":true,"external_type":"figma","external_url":` + raw + `,"url_private":` + raw + `}]`,
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				for way, in := range map[string]string{
					"comment": inThread("1760000005.000200", `,"user":"U0MAYA0001",`+m),
					"request": `{"type":"app_mention","user":"U0MAYA0001","ts":"1760000005.000200","channel":"C0LAUNCH01",` + m + `}`,
				} {
					events := r.take(event(in))
					if len(events) != 1 {
						t.Fatalf("%s: %+v, want one event", way, events)
					}
					if got := addressesOf(events[0]); !slices.Contains(got, link) {
						t.Errorf("%s: the addresses are %q, want %q among them; the body is\n%s", way, got, link, events[0].Body)
					}
				}
			})
		}
	}
}

// TestAddresses_InForms: what people type or paste into a form, and what a form was filled with from a message.
func TestAddresses_InForms(t *testing.T) {
	t.Parallel()
	for _, link := range []string{figmaLink, frameioLink} {
		for name, typed := range map[string]string{
			"alone": link, "in a sentence": "See " + link + ".", "in brackets": "the banner (" + link + ")", "in italics": "_see " + link + "_",
			"in a list": "- " + link + "\n- and more", "in code": "`" + link + "`", "escaped": escape(link), "between angle brackets": "<" + link + ">",
			"from a message": newRig(t).readable("*Please:* <"+escape(link)+"|Spring banner>, <"+escape(link)+">.", nil),
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				r := newRig(t)
				value := quoted(t, typed)
				press := press{Action: actionDetail, Request: "CR-142", Round: 1}
				for form, in := range map[string]string{
					"request, description": submission(formRequest, r.seal.seal(origin{Form: formRequest, User: ravi, Team: testTeam}), ravi, `{"title#0":{"title":{"value":"Banner"}},"text#0":{"text":{"value":`+value+`}}}`),
					"detail, note":         submission(formDetail, r.seal.seal(origin{Form: formDetail, User: ravi, Team: testTeam, Press: &press}), ravi, `{"note#0":{"note":{"value":`+value+`}}}`),
				} {
					if events := r.take(interactive(in)); len(events) != 1 || !slices.Contains(addressesOf(events[0]), link) {
						t.Errorf("%s: the addresses of %q are %q, want %q among them", form, typed, addressesOf(events[0]), link)
					}
				}
			})
		}
		r := newRig(t)
		for block, address := range map[string]string{"link#0": link, "f.url.ref#0": link, "link#1": escape(link), "link#2": " " + link + " "} {
			name, _, _ := strings.Cut(block, "#")
			in := submission(formRequest, r.seal.seal(origin{Form: formRequest, User: ravi, Team: testTeam}), ravi, fmt.Sprintf(`{"title#0":{"title":{"value":"Banner"}},%q:{%q:{"type":"url_text_input","value":%s}}}`, block, name, quoted(t, address)))
			if events := r.take(interactive(in)); len(events) != 1 || !slices.Contains(addressesOf(events[0]), link) {
				t.Errorf("%s: the addresses are %q, want %q among them", block, addressesOf(events[0]), link)
			}
		}
	}
}

// TestAddresses_Bare: where an address ends, and that no mark within it is one.
func TestAddresses_Bare(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]text.Doc{
		"https://x.example/_a_":           {text.P(text.T("https://x.example/_a_"))},
		"https://x.example/_a_b *c*":      {text.P(text.T("https://x.example/_a_b "), text.B("c"))},
		"*https://x.example/a*b*":         {text.P(text.B("https://x.example/a*b"))},
		"_see https://x.example/a_b_ c":   {text.P(em("see https://x.example/a_b"), text.T(" c"))},
		"HTTPS://X.example/:art:":         {text.P(text.T("HTTPS://X.example/:art:"))},
		"https://x.example/(a_b_)_c_.":    {text.P(text.T("https://x.example/(a_b_)_c_."))},
		"&lt;https://x.example/_a_&gt; b": {text.P(text.T("<https://x.example/_a_> b"))},
		"https://x.example/?a=1&amp;_b_=": {text.P(text.T("https://x.example/?a=1&_b_="))},
		"xhttps://_a_":                    {text.P(text.T("xhttps://"), em("a"))},
		"https:// _a_":                    {text.P(text.T("https:// "), em("a"))},
		"http://. *a*":                    {text.P(text.T("http://. "), text.B("a"))},
	} {
		if diff := cmp.Diff(want, parseMrkdwn(in, nil)); diff != "" {
			t.Errorf("parseMrkdwn(%q) (-want +got):\n%s", in, diff)
		}
	}
}

// TestAddresses_InTheFormOfAForwardedMessage: the form is filled with what was passed on too.
func TestAddresses_InTheFormOfAForwardedMessage(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	r.api.on("conversations.replies", refuse("not_in_channel"))
	r.respond(interactive(messageAction(`,"attachments":[{"is_share":true,"author_name":"Lin","text":"the file: <https://figma.example/x?a=1&amp;b=2|Spring>"}]`)), studioQuery())
	got := inputs(t, r.api.only("views.open").Args["view"])
	if !strings.Contains(got["text#0"], "with all\n\nLin wrote:\n") || !strings.Contains(got["text#0"], "https://figma.example/x?a=1&b=2") || got["title#0"] != "Need a Nova banner" {
		t.Errorf("the form is filled with %q", got)
	}
}
