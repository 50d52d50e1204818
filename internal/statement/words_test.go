package statement_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/halligan-dev/halligan/internal/canon"
	"github.com/halligan-dev/halligan/internal/statement"
)

func list(t testing.TB) []string {
	t.Helper()
	text, err := os.ReadFile("words.txt")
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// TestWordsGolden was worked out with another argon2 than ours, the reference
// implementation in C.
func TestWordsGolden(t *testing.T) {
	for _, c := range []struct {
		digest canon.Digest
		salt   [16]byte
		want   [4]string
	}{
		{canon.Sum([]byte("halligan")), [16]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
			[4]string{"prairie", "sherbet", "futon", "cabinet"}},
		{canon.Digest{}, [16]byte{}, [4]string{"margin", "glider", "cutout", "seaside"}},
	} {
		if got := statement.Words(c.digest, c.salt); got != c.want {
			t.Errorf("%s, %x: got %q, want %q", c.digest, c.salt, got, c.want)
		}
	}
}

// TestWordListNeverChanges: each place in the list is part of the format.
func TestWordListNeverChanges(t *testing.T) {
	const want = "9c44237d2b6bd64ea6e2ae4a3399eac5c8675267b54d805fa37926191c822877"
	if got := canon.Sum([]byte(strings.Join(list(t), "\n") + "\n")).String(); got != want {
		t.Errorf("the list has the digest %s, want %s", got, want)
	}
}

func TestWordList(t *testing.T) {
	words := list(t)
	if len(words) != 2048 {
		t.Errorf("%d words, want 2048", len(words))
	}
	if !slices.IsSorted(words) {
		t.Error("the words are not sorted")
	}
	shape := regexp.MustCompile(`^[a-z]{3,8}$`)
	starts := map[string]string{}
	for i, word := range words {
		if !shape.MatchString(word) {
			t.Errorf("%q is not 3 to 8 lower-case letters", word)
		}
		start := word[:min(4, len(word))]
		if other, taken := starts[start]; taken {
			t.Errorf("%q and %q begin alike", other, word)
		}
		starts[start] = word
		for _, other := range words[i+1:] {
			if strings.HasPrefix(other, word) {
				t.Errorf("%q begins %q", word, other)
			}
			if near(word, other) {
				t.Errorf("%q and %q are one letter apart", word, other)
			}
			if sound(word) == sound(other) {
				t.Errorf("%q and %q may sound alike", word, other)
			}
		}
	}
}

// near tells whether the Levenshtein distance of two words is below two.
func near(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if i == len(a) {
		return true
	}
	if len(a) == len(b) {
		return a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// spellings are ways to write one sound, in the order to replace them.
var spellings = strings.NewReplacer(
	"igh", "y", "kn", "n", "wr", "r", "ph", "f", "gh", "", "wh", "w", "ck", "k", "mb", "m", "eigh", "ay", "ei", "ay", "ai", "ay", "ey", "ay",
	"ea", "ee", "ie", "ee", "oa", "o", "ou", "ow", "au", "aw", "ew", "oo", "ue", "oo", "ui", "oo", "ce", "s", "ci", "si", "c", "k", "x", "ks", "z", "s",
)

// sound is a rough key under which many homophones of English meet.
func sound(word string) string {
	key := []byte(spellings.Replace(word))
	key = slices.Compact(key)
	return strings.TrimSuffix(string(key), "e")
}

// TestSoundFindsHomophones keeps the check above from passing for its own
// bluntness.
func TestSoundFindsHomophones(t *testing.T) {
	for _, pair := range [][2]string{{"night", "knight"}, {"sea", "see"}, {"knot", "not"}, {"wring", "ring"},
		{"which", "wich"}, {"plum", "plumb"}, {"meet", "meat"}, {"read", "reed"}, {"main", "mayn"}, {"root", "rewt"}, {"board", "bord"}} {
		if sound(pair[0]) != sound(pair[1]) {
			t.Errorf("%v: %q and %q", pair, sound(pair[0]), sound(pair[1]))
		}
	}
	if !near("pear", "bear") || !near("car", "card") || !near("card", "cad") || near("pear", "bean") || near("car", "cares") {
		t.Error("near is wrong")
	}
}

// avoided are homophones, digits and alarms that a list for a bad line must not
// hold; of each group at most one may stand in it.
func TestWordListAvoids(t *testing.T) {
	words := list(t)
	for _, group := range []string{
		"pear pair pare", "flour flower", "sun son", "mail male", "tail tale", "bare bear", "steel steal", "weak week", "plane plain",
		"cellar seller", "berry bury", "pedal petal medal", "cereal serial", "muscle mussel", "stationary stationery", "council counsel",
		"sail sale", "rain reign rein", "road rode", "piece peace", "write right", "waist waste", "principal principle", "current currant",
		"profit prophet", "mantle mantel", "marshal martial", "symbol cymbal", "bridal bridle", "choir quire", "colonel kernel",
		"lion lying line", "accent ascent", "effect affect", "desert dessert", "patience patients", "presence presents", "idle idol",
	} {
		var found []string
		for word := range strings.FieldsSeq(group) {
			if slices.Contains(words, word) {
				found = append(found, word)
			}
		}
		if len(found) > 1 {
			t.Errorf("%v sound alike", found)
		}
	}
	for word := range strings.FieldsSeq(`one two three four five six seven eight nine ten eleven twelve zero for too won ate first second third
		hundred thousand million fire bomb dead death die kill gun knife blood attack murder panic crash poison war hell
		yes not approve deny stop open close closed grant lease cancel help police`) {
		if slices.Contains(words, word) {
			t.Errorf("%q is a digit, an alarm or a word of this trade", word)
		}
	}
}

func TestWordsDependOnDigestAndSalt(t *testing.T) {
	words := list(t)
	seen := map[[4]string]bool{}
	for i := range byte(4) {
		for _, got := range [][4]string{
			statement.Words(canon.Digest{i, 1}, [16]byte{}), statement.Words(canon.Digest{}, [16]byte{i, 1}),
		} {
			if seen[got] {
				t.Errorf("%q came twice", got)
			}
			seen[got] = true
			for _, word := range got {
				if !slices.Contains(words, word) {
					t.Errorf("%q is not in the list", word)
				}
			}
		}
	}
}

func BenchmarkWords(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		statement.Words(canon.Digest{1}, [16]byte{2})
	}
}
