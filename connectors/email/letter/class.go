package letter

import (
	"slices"
	"strings"

	"signoff/internal/pattern"
)

// classify tells the class of a mail and what told it; the first signal that fits counts.
func classify(root *node, l Letter, o Options) (Class, string) {
	for _, signal := range []func(*node, Letter, Options) (Class, string){own, statistics, reported, automatic, byList, calendar, receipt, weak} {
		if class, because := signal(root, l, o); class != "" {
			return class, because
		}
	}
	return Personal, ""
}

const instanceHeader = "x-signoff-instance"

func own(root *node, l Letter, o Options) (Class, string) {
	if mark := strings.TrimSpace(root.fields.get(instanceHeader)); mark != "" && mark == o.Instance {
		return Own, "X-Signoff-Instance is ours"
	}
	for _, a := range append(slices.Clone(l.Authors), l.Sender) {
		if a.Address != "" && slices.ContainsFunc(o.Self, func(self string) bool { return strings.EqualFold(self, a.Address) }) {
			return Own, "From is our own address"
		}
	}
	return "", ""
}

var (
	robot   = pattern.New(`(?i)^(?:mailer[-_.]?daemon|postmaster|mail[-_.]?daemon|mailerdaemon|mail[-_ ]delivery[-_ ](?:system|subsystem))(?:[+.=-][^@]*)?@`)
	failing = pattern.New(`(?i)undeliver|(?:mail|message)? ?deliver[a-z]* (?:status|fail|problem|report|error)|returned (?:mail|` +
		`to sender)|failure notice|non remis|unzustellbar|could ?n.t be delivered|mail delivery|delivery (?:has )?(?:failed|delayed)|` +
		`warning: .*(?:delayed|not.*delivered|could not send)|rejected(?: posting)?:|message you sent|nondeliver|delivery notification|` +
		`address not found`)
)

// reported knows reports of delivery. A vacation note also comes from the null sender, and says what it is.
func reported(root *node, l Letter, _ Options) (Class, string) {
	h := root.fields
	submitted := firstWord(h.get("auto-submitted"))
	answered := submitted == "auto-replied" || submitted == "auto-generated" && len(l.InReplyTo) > 0 && !robot.MatchString(l.From.Address) || h.has("x-autoreply") || h.has("x-autorespond") || absent.MatchString(l.Subject)
	switch kind := reportType(root); {
	case kind == "delivery-status" || kind == "feedback-report":
		return Bounce, "report-type=" + kind
	case kind == "disposition-notification":
		return "", ""
	case root.find("message/delivery-status") != nil:
		return Bounce, "message/delivery-status"
	case root.find("message/feedback-report") != nil:
		return Bounce, "message/feedback-report"
	case h.has("x-failed-recipients"):
		return Bounce, "X-Failed-Recipients"
	case answered && !failing.MatchString(l.Subject):
		return "", ""
	case robot.MatchString(l.From.Address) || robot.MatchString(l.ReturnPath):
		return Bounce, "From " + l.From.Address
	case l.NullSender:
		return Bounce, "the null sender"
	case failing.MatchString(l.Subject) && !l.forwards() && (root.find("message/rfc822") != nil || root.find("text/rfc822-headers") != nil || kind != ""):
		return Bounce, "the subject, with the mail that came back"
	}
	return "", ""
}

// reportType is the kind of a multipart/report, which some programs announce in one part below the root.
func reportType(root *node) string {
	if n := root.find("multipart/report"); n != nil {
		kind := strings.ToLower(n.params["report-type"])
		if kind == "" && n.find("message/disposition-notification") != nil {
			return "disposition-notification"
		}
		return kind
	}
	return ""
}

// find returns the first part of the type that is not in a forwarded mail.
func (n *node) find(media string) (found *node) {
	n.walk(func(k *node) {
		if found == nil && k.media == media && k.inner == 0 {
			found = k
		}
	})
	return found
}

func automatic(root *node, _ Letter, o Options) (Class, string) {
	h := root.fields
	if v := firstWord(h.get("auto-submitted")); v != "" && v != "no" {
		return Auto, "Auto-Submitted: " + v
	}
	for _, name := range []string{"x-autoreply", "x-autorespond", "x-auto-reply", "x-mail-autoreply", "x-vacation", instanceHeader} {
		if v := firstWord(h.get(name)); h.has(name) && v != "no" {
			return Auto, name
		}
	}
	if v := strings.ToLower(h.get("x-auto-response-suppress")); strings.Contains(v, "all") || strings.Contains(v, "oof") || strings.Contains(v, "autoreply") {
		return Auto, "X-Auto-Response-Suppress: " + oneLine(repair(v))
	}
	if v := firstWord(h.get("x-apple-action")); v == "vacation" {
		return Auto, "X-Apple-Action: vacation"
	}
	switch v := firstWord(h.get("precedence")); v {
	case "bulk", "junk", "auto_reply":
		if !h.has("list-id") {
			return Auto, "Precedence: " + v
		}
	case "list":
		return List, "Precedence: list"
	}
	return "", ""
}

// firstWord is a value up to its parameters and comments, in small letters.
func firstWord(value string) string {
	if i := strings.IndexAny(value, ";( \t"); i >= 0 {
		value = value[:i]
	}
	return strings.ToLower(oneLine(repair(value)))
}

func byList(root *node, _ Letter, _ Options) (Class, string) {
	for _, name := range []string{"list-id", "list-unsubscribe", "list-post"} {
		if root.fields.has(name) {
			return List, name
		}
	}
	return "", ""
}

func calendar(_ *node, l Letter, _ Options) (Class, string) {
	if l.Calendar == "REPLY" || l.Calendar == "COUNTER" {
		return Reply, "a calendar's METHOD:" + l.Calendar
	}
	return "", ""
}

func receipt(root *node, _ Letter, _ Options) (Class, string) {
	if reportType(root) == "disposition-notification" || root.find("message/disposition-notification") != nil {
		return Receipt, "disposition-notification"
	}
	return "", ""
}

// absent knows the subjects of absence notes.
var absent = pattern.New(`(?i)^\s*(?:(?:re|aw):\s*)?(?:automatic reply|auto(?:mated)?[- ]?(?:reply|response|responder)|` +
	`out of (?:the )?office|abwesenheits|automatische antwort|abwesend|r[ée]ponse automatique|absence du bureau|absent\b|` +
	`respuesta autom[áa]tica|fuera de (?:la )?oficina|risposta automatica|fuori sede|automatisch antwoord|afwezig|` +
	`resposta autom[áa]tica|odpowied[źz] automatyczna|automatick[áa] odpov[ěe]|otomatik yan[ıi]t|automatikus v[áa]lasz|자동 ?(?:회신|응답)|부재중|automatiskt svar|autosvar|automatisk svar|automaattinen vastaus|automatyczna odpowied|` +
	`автоматический ответ|автоответ|自動回覆|自动回复|自動応答|vacation (?:reply|response|message)|i am (?:out of|away)|i'm (?:out of|away))|` +
	`\bout of (?:the )?office\b|\bOOO\b`)

func weak(_ *node, l Letter, _ Options) (Class, string) {
	if absent.MatchString(l.Subject) {
		if l.NullSender { // people's mail has a return address
			return Auto, "an absence note from the null sender"
		}
		return Weak, "the subject sounds automatic"
	}
	return "", ""
}
