using System.Globalization;
using System.Text.RegularExpressions;

namespace Turnpike.Reading;

/// <summary>Builds field paths as the API server prints them: <c>spec.route[0].labels[version]</c>.</summary>
internal static partial class FieldPath
{
    public static string Child(string path, string name) =>
        !PlainName().IsMatch(name) ? path + "[" + JsonText.Quote(name) + "]"
        : path.Length == 0 ? name
        : path + "." + name;

    /// <summary>Returns the name as YAML has it, in quotes if it needs them.</summary>
    public static string Name(string name) => PlainName().IsMatch(name) ? name : JsonText.Quote(name);

    public static string Item(string path, int index) => string.Create(CultureInfo.InvariantCulture, $"{path}[{index}]");

    public static string Key(string path, string key) => path + "[" + (PlainKey().IsMatch(key) ? key : JsonText.Quote(key)) + "]";

    [GeneratedRegex(@"\A[A-Za-z0-9_$-]{1,64}\z")]
    private static partial Regex PlainName();

    [GeneratedRegex(@"\A[!#-Z^-~]{1,253}\z")]
    private static partial Regex PlainKey();
}
