package letter

import (
	"slices"
	"strings"

	"signoff/internal/pattern"
)

// The verbs of the lines by which mail programs introduce what a mail answers, as the line ends with them.
var (
	wrote = pattern.New(`(?i)(?:\bwrote|\bwrites|\bsaid|schrieb|\ba écrit|\ba ecrit|escribió|escribio|ha scritto|\bscrive|` +
		`schreef(?: het volgende)?|geschreven|escreveu|napisał(?:\(a\)|a)?|pisze|\bskrev|kirjoitti|пишет|написал(?:\(а\)|а)?|пише|писав|` +
		`написав|писал\(а\)|пишува|写道|寫道|的郵件|書きました|のメッセージ|のメール|님이 작성|yazdı|şunları yazdı|a scris|írta|napsala?(?:\(a\))?|napísala?|έγραψε|` +
		`menulis|đã viết|je napisao|rašė|kirjutas|rakstīja)(?:\s*\(.{0,30}\))?\s*[:：]?$`)
	// In German, Dutch and the Nordic languages the name stands after the verb; or the name comes first and the date after it.
	wroteWhom = pattern.New(`(?i)\b(?:schrieb|schreef|skrev)\s+(?:(?-i:(?:["'(<]*\p{Lu}\S*|von|van|de|der|den|zu|af|via|het volgende)\s*){1,6}|` +
		`.*[^<>\s]+@[^<>\s]+>?\)?(?: het volgende)?)[:：]$`)
	// With the day and the hour before the verb the name may be written in any way: "Am 25.11.2026 um 10:33 schrieb Lumen requests:"
	wroteAt   = pattern.New(`(?i)^(?:am|op|den)\b.{0,40}\d{1,2}[:.]\d{2}(?:\s+uhr)?,?\s+(?:schrieb|schreef|skrev)\s[^.!?]{1,80}[:：]$`)
	wroteWhen = pattern.New(`(?i)^.{0,80}<[^<>\s]+@[^<>\s]+>\)?,?\s.{0,20}\b(?:schrieb|schreef|skrev|wrote|ha scritto|escribió|a écrit)\b.{0,12}\d.{0,40}[:：]$`)
	// Gmail in many languages: 2014-08-24 12:21 GMT+03:00 Ana <ana@lumen.example>:
	dated = pattern.New(`^(?:\d{4}[-/.年]\s?\d{1,2}[-/.月]\s?\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{2,4}).*<[^<>\s]+@[^<>\s]+>\s*[:：]$`)
	// In others it says when and who, and nothing else.
	addressed = pattern.New(`<(?:mailto:)?[^<>\s]+@[^<>\s]+>\s*[:：]$`)
	// A date or a time of day: what an introduction has and a sentence seldom.
	dateIn = pattern.New(`\b(?:19|20)\d\d\b|\b\d{1,2}[./-]\d{1,2}[./-]\d{2,4}\b|\d{4}年|\b\d{1,2}\.? ?[A-Za-zäéû]{3,10}\.? ?,? ?(?:19|20)?\d\d\b`)
	timeIn = pattern.New(`\b\d{1,2}\s?[:.h時时]\s?\d{2}\b|\b\d{1,2} ?[ap]\.?m\b`)
	// A date to the year and a comma after it: people who tell when somebody wrote are not that exact.
	fullDate = pattern.New(`\b(?:19|20)\d\d\b.*,`)
	begins   = pattern.New(`(?i)^(?:-{3,}|on|at|am|le|el|il|op|em|den|on den|dnia|w dniu|på|the|a|à|o|в|у|на|在|於|вт|пн|ср|чт|пт|сб|вс|` +
		`în|dne|vào|pada|\p{L}{2,12}\.?,? \d{1,2}|"?[^"<]{1,60}"? ?<[^<>\s]+@|"?[^"<]{0,60}"? ?\(?[^<>\s@()]+@|\d|\[?mailto)`)
)

const attributionMost = 400 // bytes, over up to four lines

// attribution reports whether words introduce what is quoted after them, and whether they do so beyond doubt: even when what
// follows is not marked as a quotation.
func attribution(s string) (found, certain bool) {
	if len(s) > attributionMost || len(s) < 8 {
		return false, false
	}
	s = strings.Trim(s, " \t*_\u00a0\u200e\u202a\u202c")
	drawn := strings.HasPrefix(s, "---") && strings.HasSuffix(s, "---") // Zoho and Notes draw a line around it
	s = strings.Trim(s, "- ")
	if drawn && names(s) && wrote.MatchString(s) {
		return true, true
	}
	if dated.MatchString(s) || addressed.MatchString(s) && dateIn.MatchString(s) && timeIn.MatchString(s) {
		return true, true
	}
	ends := strings.HasSuffix(s, ":") || strings.HasSuffix(s, "：")
	if !ends && !strings.HasSuffix(s, "wrote") {
		return false, false
	}
	if !names(s) || !wrote.MatchString(s) && !wroteWhom.MatchString(s) && !wroteAt.MatchString(s) && !wroteWhen.MatchString(s) {
		return false, false
	}
	mail, day, hour := strings.ContainsRune(s, '@'), dateIn.MatchString(s), timeIn.MatchString(s)
	if !mail && !day && !hour || !begins.MatchString(s) && !(mail && (day || hour)) {
		return false, false
	}
	if !ends {
		return true, false
	}
	return true, mail && (day || hour || strings.ContainsRune(s, '<')) || hour && fullDate.MatchString(s) && wrote.MatchString(s)
}

// verbs are in every introduction that has one: looking for them is cheaper than asking what the line is.
var verbs = []string{"wrote", "write", "said", "schrieb", "crit", "escribi", "scri", "schreef", "geschreven", "escreveu", "napisa", "napísa", "napsal", "pisz", "skrev", "kirjoitti",
	"пи", "写道", "寫道", "郵件", "書きました", "メッセージ", "のメール", "작성", "yazd", "írta", "έγραψε", "menulis", "viết", "pisao", "rašė", "kirjutas", "rakstīja"}

func names(s string) bool {
	s = strings.ToLower(s)
	return slices.ContainsFunc(verbs, func(v string) bool { return strings.Contains(s, v) })
}

// The lines that stand before an older mail without introducing it.
var (
	originalLine = pattern.New(`(?i)^[-_*=>\s]{2,}\s*(?:original[- ]?(?:message|mail|nachricht)|original e-?mail|` +
		`ursprüngliche (?:nachricht|mail)|message (?:d'origine|original)|mensaje original|mensagem original|messaggio originale|` +
		`oorspronkelijk(?:e)? bericht|wiadomość oryginalna|oryginalna wiadomość|ursprungligt meddelande|originalmeddelande|` +
		`original meddelelse|oprindelig meddelelse|opprinnelig melding|alkuperäinen viesti|исходное сообщение|пересылаемое сообщение|` +
		`původní zpráva|eredeti üzenet|mesaj original|orijinal mesaj|原始邮件|原始郵件|元のメッセージ|reply message|antwort(?:nachricht)?|` +
		`reply above this line)\s*[-_*=\s]*$`)
	forwardLine = pattern.New(`(?i)^[>\s]*(?:[-_*=]{2,}\s*(?:forwarded (?:message|by|mail)|begin forwarded message|` +
		`weitergeleitete nachricht|message transféré|mensaje reenviado|mensagem encaminhada|messaggio inoltrato|doorgestuurd bericht|` +
		`przekazana wiadomość|vidarebefordrat meddelande|videresendt meddelelse|videresendt melding|välitetty viesti|` +
		`пересланное сообщение|пересылаемое сообщение|transferred message|přeposlaná zpráva|转发邮件|轉寄郵件|転送メッセージ).*|` +
		`begin forwarded message:?|anfang der weitergeleiteten (?:nachricht|e-?mail):?|début du message (?:transféré|réexpédié)\s?:?|` +
		`inicio del mensaje reenviado:?|inizio messaggio inoltrato:?|início da mensagem encaminhada:?|begin doorgestuurd bericht:?|` +
		`vidarebefordrat brev:?|start på videresendt meddelelse:?|początek przekazanej wiadomości:?)\s*$`)
	separator = pattern.New(`^\s*(?:[-_=*~]{4,}|__+)\s*$`)
)

// headerWords are the names of the lines of a header as mail programs print them into an answer.
var headerWords = map[string]byte{
	"from": 'f', "von": 'f', "de": 'f', "da": 'f', "van": 'f', "od": 'f', "från": 'f', "fra": 'f', "lähettäjä": 'f', "от": 'f', "від": 'f',
	"发件人": 'f', "寄件者": 'f', "寄件人": 'f', "差出人": 'f', "보낸 사람": 'f', "보낸사람": 'f', "kimden": 'f', "gönderen": 'f', "de la": 'f', "feladó": 'f',
	"expéditeur": 'f', "mittente": 'f', "remitente": 'f', "odesílatel": 'f', "από": 'f', "送件者": 'f',
	"sent": 'd', "date": 'd', "message du": 'd', "date d'envoi": 'd', "gesendet": 'd', "datum": 'd', "envoyé": 'd', "envoyé le": 'd',
	"enviado": 'd', "enviado el": 'd', "enviada": 'd', "enviada em": 'd', "fecha": 'd', "inviato": 'd', "data": 'd', "verzonden": 'd',
	"wysłano": 'd', "skickat": 'd', "sendt": 'd', "dato": 'd', "lähetetty": 'd', "päivämäärä": 'd', "отправлено": 'd', "дата": 'd',
	"надіслано": 'd', "发送时间": 'd', "寄件日期": 'd', "傳送時間": 'd', "日期": 'd', "时间": 'd', "送信日時": 'd', "日付": 'd', "보낸 날짜": 'd', "날짜": 'd',
	"gönderme": 'd', "tarih": 'd', "trimis": 'd', "elküldve": 'd', "dátum": 'd', "odesláno": 'd', "dátum odoslania": 'd', "στάλθηκε": 'd',
	"to": 't', "an": 't', "à": 't', "a": 't', "para": 't', "aan": 't', "do": 't', "till": 't', "til": 't', "vastaanottaja": 't', "кому": 't',
	"收件人": 't', "收件者": 't', "宛先": 't', "받는 사람": 't', "받는사람": 't', "kime": 't', "către": 't', "címzett": 't', "komu": 't', "destinataire": 't',
	"destinatario": 't', "προς": 't',
	"subject": 's', "betreff": 's', "objet": 's', "asunto": 's', "assunto": 's', "oggetto": 's', "onderwerp": 's', "temat": 's', "ämne": 's',
	"emne": 's', "aihe": 's', "тема": 's', "主题": 's', "主題": 's', "主旨": 's', "件名": 's', "제목": 's', "konu": 's', "subiect": 's', "tárgy": 's',
	"předmět": 's', "predmet": 's', "sujet": 's', "θέμα": 's',
	"cc": 'c', "kopie": 'c', "copie à": 'c', "copie": 'c', "抄送": 'c', "kopia": 'c', "dw": 'c', "importance": 'i', "reply-to": 'i',
	"antwort an": 'i', "priority": 'i', "attachments": 'i', "mailed-by": 'i', "organization": 'i', "bcc": 'c', "répondre à": 'i',
	"responder a": 'i', "rispondi a": 'i',
}

// headerWord tells which line of a printed header a line is.
func headerWord(s string) byte {
	s = strings.Trim(s[:min(len(s), 80)], " \t*_>|\u200e\u202a")
	name, _, ok := strings.Cut(strings.Replace(s, "：", ":", 1), ":")
	if !ok || len(name) > 40 {
		return 0
	}
	return headerWords[strings.ToLower(strings.Trim(name, " \t*_\u00a0"))]
}

// printedHeader reports whether a printed header begins with the first line: who and when, to whom or about what, with an
// address or a time of day in it. Somebody's own list of "From: … To: …" lacks those.
func printedHeader(lines []line) bool {
	if headerWord(shortWords(lines[0])) == 0 {
		return false
	}
	seen, evidence, other := "", false, 0
	for _, l := range lines[:min(len(lines), 10)] {
		s := shortWords(l)
		kind := headerWord(s)
		if kind == 0 {
			if other++; other > 2 || l.gap && len(seen) >= 3 {
				break
			}
			continue
		}
		other = 0
		seen += string(kind)
		evidence = evidence || strings.ContainsRune(s, '@') && kind == 'f' || kind == 'd' && timeIn.MatchString(s) || kind == 'd' && dateIn.MatchString(s) && strings.Contains(seen, "f")
	}
	has := func(kinds string) bool { return strings.ContainsAny(seen, kinds) }
	return evidence && has("f") && (has("d") && has("ts") || has("t") && has("s"))
}

// sentFrom knows the line that a telephone writes below everything.
var sentFrom = pattern.New(`(?i)^[\s*_<>-]*(?:(?:sent|send) (?:from|via|using|with) (?:my|the|an?|yahoo|outlook|mail(?:box)?|windows|` +
	`samsung|gmail|proton|hey|front|superhuman|spark|boxer|nine|aqua|blue|android|iphone|ipad)\b.*|sent from (?:\S+ ?){1,4}|` +
	`get outlook for (?:ios|android).*|(?:von meinem|von unterwegs|gesendet (?:mit|von|aus|über)|` +
	`diese nachricht wurde von meinem).*(?:gesendet|iphone|ipad|handy|smartphone|android|app|outlook|mail|galaxy|blackberry).{0,30}|` +
	`(?:envoyé (?:de|depuis|à partir de|avec)|provenance :).*|(?:enviado (?:desde|do|de|a partir)|enviada do).*|inviato (?:da|dal).*|` +
	`verzonden (?:vanaf|met|via|van).*|(?:wysłane|wysłano) z(?:a pomocą| ).*|skickat från.*|sendt fra.*|lähetetty .*(?:sta|stä|lta|` +
	`ltä).{0,20}|отправлено (?:с|из).*|надіслано з.*|发自我的.*|從我的.*傳送|iphoneから送信|.{0,20}에서 보냄|odesláno z.*|` +
	`.{0,20}’?den gönderildi)[.>\s*_]*$`)

// warning knows the words of a company's mail server about mail from outside.
var warning = pattern.New(`(?i)^\W*(?:caution|warning|attention|external(?: e-?mail| sender| message)?|achtung|vorsicht|notice|` +
	`be careful|this (?:e-?mail|message) (?:originated|was sent|came|is) from)\b.*(?:outside|external|extern|not from (?:within|` +
	`inside)).*(?:links?|attachments?|anhäng|sender|absender).*$`)

// mobile reports whether a line is one that a telephone writes. A long one is a sentence of somebody's, unless it apologises.
func mobile(l line) bool {
	s := shortWords(l)
	if len(s) > 120 || !sentFrom.MatchString(s) {
		return false
	}
	return len(strings.Fields(s)) <= 8 || apology.MatchString(s)
}

var apology = pattern.New(`(?i)excuse|typo|brevity|sorry for|entschuldig|kürze|excusez|disculp|scus`)

// opening reports whether a line begins as the introduction of a quotation does, not in the middle of one.
func opening(l line) bool { return opens.MatchString(shortWords(l)) }

var opens = pattern.New(`(?i)^[\s*_]*(?:on|at|am|den|le|el|il|in data|op|em|dnia|w dniu|på|в|у|на|在|於|\p{L}{2,3}\.?,? \d{1,2}|\d)[\s,]?`)

// spaces makes the blanks of other alphabets and of typesetters plain, which the rules know.
var spaces = strings.NewReplacer("\u00a0", " ", "\u202f", " ", "\u2009", " ", "\u3000", " ")

// shortWords is what the rules see of a line.
func shortWords(l line) string {
	s := l.words()
	if len(s) > ruleMost {
		s = strings.ToValidUTF8(s[:ruleMost], "")
	}
	return spaces.Replace(s)
}
