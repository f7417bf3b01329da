using System.Text;

namespace Turnpike.Http;

/// <summary>
/// The name of a header that somebody looks for, made once and compared often: by its number where it has one, else by its bytes.
/// </summary>
public readonly struct HeaderName
{
    private readonly byte[]? _lowerCase;

    private HeaderName(KnownHeader known, byte[] lowerCase) => (Known, _lowerCase) = (known, lowerCase);

    /// <summary>The number of the name; <see cref="KnownHeader.None"/> where it has none.</summary>
    public KnownHeader Known { get; }

    /// <summary>The name in lower case.</summary>
    public ReadOnlySpan<byte> LowerCase => _lowerCase;

    /// <summary>The name of a number.</summary>
    public static implicit operator HeaderName(KnownHeader known) => new(known, KnownHeaders.BytesOf(known));

    public static HeaderName Of(string name) => Of(Encoding.UTF8.GetBytes(name));

    public static HeaderName Of(ReadOnlySpan<byte> name)
    {
        var lowerCase = name.ToArray();
        Ascii.ToLowerInPlace(lowerCase, out _);
        return new HeaderName(KnownHeaders.Of(lowerCase), lowerCase);
    }

    /// <summary>Returns true when <paramref name="name"/>, in any case, is this name.</summary>
    /// <param name="known">The number of <paramref name="name"/>.</param>
    /// <param name="name">A name as it is on the wire.</param>
    public bool Is(KnownHeader known, ReadOnlySpan<byte> name) =>
        known == Known && (known != KnownHeader.None || Ascii.EqualsIgnoreCase(name, _lowerCase));

    /// <inheritdoc/>
    public override string ToString() => Encoding.UTF8.GetString(LowerCase);
}
