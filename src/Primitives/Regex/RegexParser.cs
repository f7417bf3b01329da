using System.Buffers;
using System.Globalization;

namespace Turnpike.Primitives;

/// <summary>Says what is wrong with a pattern, in one phrase.</summary>
internal sealed class RegexSyntaxException(string message) : Exception(message);

/// <summary>Reads a pattern. It refuses what no automaton can do, and names the construct and its offset.</summary>
internal sealed class RegexParser
{
    // The parser and its users recurse over groups, and a pattern may come from an attacker.
    private const int MaxDepth = 100;
    private const int MaxCount = 1000;

    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    private readonly string _pattern;
    private int _at;
    private int _depth;
    private bool _ignoreCase;

    private RegexParser(string pattern) => _pattern = pattern;

    public static RegexNode Parse(string pattern)
    {
        var parser = new RegexParser(pattern);
        var root = parser.Choice();
        return parser._at == pattern.Length ? root : throw Fault("a ')' without its '('", parser._at);
    }

    private bool AtEnd => _at >= _pattern.Length;

    private RegexNode Choice()
    {
        var branches = new List<RegexNode> { Sequence() };
        while (!AtEnd && _pattern[_at] == '|')
        {
            _at++;
            branches.Add(Sequence());
        }
        return branches.Count == 1 ? branches[0] : new RegexChoice(branches);
    }

    private RegexNode Sequence()
    {
        var parts = new List<RegexNode>();
        while (!AtEnd && _pattern[_at] is not ('|' or ')'))
        {
            var start = _at;
            var atom = Atom();
            parts.Add(Quantified(atom, start));
        }
        return parts.Count == 1 ? parts[0] : new RegexSequence(parts);
    }

    private RegexNode Atom()
    {
        var start = _at;
        var c = Next();
        switch (c)
        {
            case '(':
                return Group(start);
            case '[':
                return new RegexSet(Class(start));
            case '.':
                return new RegexSet(CharSet.Dot);
            case '^':
                return new RegexAssertion(RegexPlace.Begin);
            case '$':
                return new RegexAssertion(RegexPlace.End);
            case '\\':
                return Escape(start);
            case '*' or '+' or '?':
                throw Fault($"a quantifier '{(char)c}' with nothing before it to repeat", start);
            case '{' when TryCounts(out _, out _):
                throw Fault("a quantifier with nothing before it to repeat", start);
            default:
                return Literal(c);
        }
    }

    /// <summary>Reads a character. Two halves of a surrogate pair are one character.</summary>
    private int Next()
    {
        var first = _pattern[_at++];
        return !AtEnd && char.IsSurrogatePair(first, _pattern[_at]) ? char.ConvertToUtf32(first, _pattern[_at++]) : first;
    }

    private RegexSet Literal(int c) => new RegexSet(Folded(CharSet.Of((c, c))));

    private CharSet Folded(CharSet set) => _ignoreCase ? set.IgnoringCase() : set;

    private RegexNode Quantified(RegexNode atom, int start)
    {
        if (AtEnd || !TryQuantifier(out var min, out var max))
            return atom;
        if (atom is RegexAssertion && _pattern[start] != '(')
            throw Fault("a quantifier after an anchor, which cannot be repeated", start);
        if (max >= 0 && max < min)
            throw Fault($"a quantifier whose bounds are the wrong way round ({min} and {max})", start);
        if (!AtEnd && _pattern[_at] == '?')
            _at++;
        if (!AtEnd && _pattern[_at] == '+')
            throw Refused("a possessive quantifier", _at);
        var next = _at;
        if (!AtEnd && TryQuantifier(out _, out _))
            throw Fault("a quantifier after a quantifier", next);
        return new RegexRepeat(atom, min, max);
    }

    private bool TryQuantifier(out int min, out int max)
    {
        (min, max) = _pattern[_at] switch
        {
            '*' => (0, -1),
            '+' => (1, -1),
            '?' => (0, 1),
            _ => (-1, -1),
        };
        if (min >= 0)
        {
            _at++;
            return true;
        }
        if (_pattern[_at] != '{')
            return false;
        _at++;
        if (TryCounts(out min, out max))
            return true;
        _at--;
        return false;
    }

    /// <summary>Reads <c>n}</c>, <c>n,}</c> or <c>n,m}</c>. Anything else is literal text.</summary>
    private bool TryCounts(out int min, out int max)
    {
        (min, max) = (0, 0);
        var start = _at;
        if (Number() is not { } low)
            return Back();
        var high = (int?)low;
        if (!AtEnd && _pattern[_at] == ',')
        {
            _at++;
            high = !AtEnd && _pattern[_at] == '}' ? -1 : Number();
        }
        if (high is null || AtEnd || _pattern[_at] != '}')
            return Back();
        _at++;
        if (low > MaxCount || high > MaxCount)
            throw Fault($"a quantifier whose bound is larger than {MaxCount}", start - 1);
        (min, max) = (low, high.Value);
        return true;

        bool Back()
        {
            _at = start;
            return false;
        }
    }

    private int? Number()
    {
        var start = _at;
        while (!AtEnd && char.IsAsciiDigit(_pattern[_at]))
            _at++;
        if (_at == start)
            return null;
        var digits = _pattern.AsSpan(start, _at - start);
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : int.MaxValue;
    }

    private RegexNode Group(int start)
    {
        if (++_depth > MaxDepth)
            throw Fault($"groups nested deeper than {MaxDepth}", start);
        var ignoreCase = _ignoreCase;
        if (!AtEnd && _pattern[_at] == '?')
        {
            _at++;
            if (!Introduction(start))
            {
                // (?i) applies up to the end of the group that it is in.
                _depth--;
                return RegexNode.Empty;
            }
        }
        var inner = Choice();
        if (AtEnd)
            throw Fault("a '(' without its ')'", start);
        _at++;
        _depth--;
        _ignoreCase = ignoreCase;
        return inner;
    }

    /// <summary>Reads what follows <c>(?</c>.</summary>
    /// <returns>True when a group begins here; false when all of it has been read.</returns>
    private bool Introduction(int start)
    {
        var rest = _pattern.AsSpan(_at);
        if (rest.StartsWith(":", StringComparison.Ordinal))
        {
            _at++;
            return true;
        }
        if (rest.StartsWith("=", StringComparison.Ordinal) || rest.StartsWith("!", StringComparison.Ordinal))
            throw Refused("a look-ahead", start);
        if (rest.StartsWith("<=", StringComparison.Ordinal) || rest.StartsWith("<!", StringComparison.Ordinal))
            throw Refused("a look-behind", start);
        if (rest.StartsWith(">", StringComparison.Ordinal))
            throw Refused("an atomic group", start);
        if (rest.StartsWith("(", StringComparison.Ordinal))
            throw Refused("a conditional group", start);
        if (rest.StartsWith("i)", StringComparison.Ordinal) || rest.StartsWith("i:", StringComparison.Ordinal))
        {
            _ignoreCase = true;
            _at += 2;
            return rest[1] == ':';
        }
        var name = rest.StartsWith("P<", StringComparison.Ordinal) ? 2 : rest.StartsWith("<", StringComparison.Ordinal) ? 1 : 0;
        var end = name == 0 ? -1 : rest.IndexOf('>');
        if (end <= name || rest[name..end].ContainsAnyExcept(NameCharacters))
            throw Fault("a group that is not known; those known are (…), (?:…), (?<name>…) and (?i)", start);
        _at += end + 1;
        return true;
    }

    private RegexNode Escape(int start)
    {
        if (AtEnd)
            throw Fault("a '\\' with nothing after it", start);
        var c = _pattern[_at];
        switch (c)
        {
            case 'b' or 'B':
                _at++;
                return new RegexAssertion(c == 'b' ? RegexPlace.WordBoundary : RegexPlace.NoWordBoundary);
            case 'A' or 'z':
                _at++;
                return new RegexAssertion(c == 'A' ? RegexPlace.Begin : RegexPlace.End);
            case 'G':
                throw Refused("the anchor \\G", start);
            case >= '1' and <= '9' or 'k':
                throw Refused("a backreference", start);
        }
        if (ClassEscape() is { } set)
            return new RegexSet(set);
        return Literal(CharacterEscape(start));
    }

    private CharSet? ClassEscape()
    {
        var set = _pattern[_at] switch
        {
            'd' => CharSet.Digits,
            'D' => CharSet.Digits.Complement(),
            'w' => CharSet.Word,
            'W' => CharSet.Word.Complement(),
            's' => CharSet.Space,
            'S' => CharSet.Space.Complement(),
            _ => null,
        };
        if (set is not null)
            _at++;
        return set;
    }

    private int CharacterEscape(int start)
    {
        var c = Next();
        switch (c)
        {
            case 't':
                return '\t';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 'f':
                return '\f';
            case 'v':
                return '\v';
            case '0' when AtEnd || !char.IsAsciiDigit(_pattern[_at]):
                return '\0';
            case 'x':
                return Hexadecimal(2, start);
            case 'u':
                return UnicodeEscape(start);
            case 'p' or 'P':
                throw Fault($"the Unicode category \\{(char)c}; write ranges such as [a-z]", start);
            default:
                return c < 128 && char.IsAsciiLetterOrDigit((char)c) ? throw Fault($"the unknown escape \\{(char)c}", start) : c;
        }
    }

    /// <summary>Reads the digits of an escape. Two escapes that are the halves of a surrogate pair are one character.</summary>
    private int UnicodeEscape(int start)
    {
        var first = Hexadecimal(4, start);
        if (!char.IsHighSurrogate(first) || !_pattern.AsSpan(_at).StartsWith("\\u", StringComparison.Ordinal))
            return first;
        var second = _at;
        _at += 2;
        if (Hexadecimal(4, second) is var low && char.IsLowSurrogate(low))
            return char.ConvertToUtf32(first, low);
        _at = second;
        return first;
    }

    private char Hexadecimal(int digits, int start)
    {
        if (_at + digits > _pattern.Length
            || !ushort.TryParse(_pattern.AsSpan(_at, digits), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            throw Fault($"an escape that lacks its {digits} hexadecimal digits", start);
        }
        _at += digits;
        return (char)value;
    }

    private CharSet Class(int start)
    {
        var negated = !AtEnd && _pattern[_at] == '^';
        if (negated)
            _at++;
        if (!AtEnd && _pattern[_at] == ']')
            throw Fault("an empty character class; write \\] for the bracket itself", start);
        var ranges = new List<(int, int)>();
        while (true)
        {
            if (AtEnd)
                throw Fault("a '[' without its ']'", start);
            if (_pattern[_at] == ']')
                break;
            if (ClassItem() is not { } from)
                continue;
            var to = from;
            if (_at + 1 < _pattern.Length && _pattern[_at] == '-' && _pattern[_at + 1] != ']')
            {
                var dash = _at++;
                if (_pattern[_at] == '[')
                    throw Fault("a subtraction of character classes", dash);
                to = ClassItem() ?? throw Fault("a range that ends with a class such as \\d", dash);
                if (to < from)
                    throw Fault("a range whose ends are the wrong way round", dash);
            }
            ranges.Add((from, to));
        }
        _at++;
        var set = Folded(CharSet.Of(ranges));
        return negated ? set.Complement() : set;

        // Returns one character, or null when it has added a whole class such as \d.
        int? ClassItem()
        {
            var at = _at;
            var c = Next();
            if (c == '[' && !AtEnd && _pattern[_at] is ':' or '.' or '=')
                throw Fault("a named character class; write ranges such as a-z", at);
            if (c == '-' && !AtEnd && _pattern[_at] == '[')
                throw Fault("a subtraction of character classes", at);
            if (c != '\\')
                return c;
            if (AtEnd)
                throw Fault("a '\\' with nothing after it", at);
            if (ClassEscape() is { } known)
            {
                ranges.AddRange(known.Ranges);
                return null;
            }
            if (_pattern[_at] == 'b')
            {
                _at++;
                return '\b';
            }
            return CharacterEscape(at);
        }
    }

    private static RegexSyntaxException Refused(string construct, int at) => new(string.Create(
        CultureInfo.InvariantCulture, $"must be a regular expression that runs in linear time, so without {construct} (at offset {at})"));

    private static RegexSyntaxException Fault(string construct, int at) => new(
        string.Create(CultureInfo.InvariantCulture, $"must be a regular expression; this one has {construct} (at offset {at})"));
}
