package source

// Codes of the problems that this package reports. Those of the rules language and of the configuration start at SO120.
const (
	CodeSyntax    = "SO100"
	CodeDuplicate = "SO101"
	CodeAlias     = "SO102"
	CodeDocuments = "SO103"
	CodeTab       = "SO104"
	CodeEncoding  = "SO105"
	CodeTooLong   = "SO106"
	CodeTag       = "SO107"
	CodeDepth     = "SO108"
	CodeUnset     = "SO109"
	CodeType      = "SO110"
	CodeRequired  = "SO111"
	CodeUnknown   = "SO112"
	CodeChoice    = "SO113"
	CodeExpand    = "SO114"
)

// Explanation tells more about a code, for `signoff explain SO110`.
type Explanation struct{ Code, Title, Text string }

// Explanations returns those of this package's codes, in order.
func Explanations() []Explanation {
	return []Explanation{
		{CodeSyntax, "The file is not YAML", "The reader stopped at this place, so later problems are not shown yet. Most often the indentation is off by one, a quote is not closed, or a value holds \": \" or starts with a special character and needs quotes."},
		{CodeDuplicate, "A key is written twice", "Only one of the two could count, and which one would be a matter of luck. Keep one."},
		{CodeAlias, "Anchors and aliases are not used", "&name, *name and << are left out of these files. Write values out; workflows and templates can build on another with based_on. A text that starts with * or & goes in quotes."},
		{CodeDocuments, "Only one document per file", "A line of --- starts a second document. Make two files: several rule files are merged by their top-level keys."},
		{CodeTab, "Tabs cannot indent", "YAML indents with spaces only. Set your editor to insert spaces in .yaml files."},
		{CodeEncoding, "The file is not UTF-8", "Save the file as UTF-8. The place shown is the first character that is not."},
		{CodeTooLong, "The file is too long", "A file may have 1 MiB. Split it: rules may be spread over several files."},
		{CodeTag, "Tags are not used", "!!str and the like are left out: every key knows its type. A text that starts with ! goes in quotes."},
		{CodeDepth, "Nested too deep", "Nothing in these files needs more than a few levels; most often a bracket is not closed."},
		{CodeUnset, "A variable or file is missing", "${NAME} reads an environment variable, or the file that NAME_FILE names; ${NAME:-default} has a default; ${file:/path} reads a file. A warning for check, an error for serve, because secrets are usually absent where rules are written."},
		{CodeType, "A value of the wrong kind", "The message says what is expected and what was found. Nothing is converted silently: true is not text, and a number in quotes is text."},
		{CodeRequired, "Something is missing", "The key named has no default and has to be given."},
		{CodeUnknown, "An unknown key", "Keys that nobody reads would be silent mistakes, so they are refused. The hint names the nearest key."},
		{CodeChoice, "Not one of the choices", "The value has to be one of the words listed."},
		{CodeExpand, "${…} is not closed or has no name", "Write ${NAME}, ${NAME:-default} or ${file:/path}. $$ stands for a dollar sign."},
	}
}
