namespace Turnpike.Routing;

/// <summary>
/// The version of the wire form of a table, as a whole or in resources. Within a format a reader ignores a field that it does not know, and
/// gives one that is missing its default. A change that a reader must not ignore raises the format.
/// </summary>
public static class TableFormat
{
    /// <summary>The format that this build writes, and the newest that it reads.</summary>
    public const int Current = 2;

    // Format 1 was the form before listeners were a part of the table. No release ever wrote it.
    private const int FirstReadable = 2;

    /// <summary>Checks that this build reads a format.</summary>
    /// <param name="format">The format that the writer states; zero when it states none.</param>
    /// <exception cref="FormatException">This build does not read it. The message says which formats it reads.</exception>
    public static void Require(int format)
    {
        if (Refusal(format, Current) is { } refusal)
            throw new FormatException(refusal);
    }

    /// <summary>Returns why a build does not read a format; null when it does.</summary>
    /// <param name="format">The format of what is to be read.</param>
    /// <param name="newest">
    /// The format that the build writes itself. It reads the one before as well, so that neighbouring versions understand each other.
    /// </param>
    public static string? Refusal(int format, int newest)
    {
        var oldest = Math.Max(FirstReadable, newest - 1);
        if (format >= oldest && format <= newest)
            return null;
        var stated = format == 0 ? "does not say its format" : $"has format {format}";
        var read = oldest == newest ? $"format {newest}" : $"formats {oldest} and {newest}";
        return $"the route table {stated}; this build reads {read}";
    }
}
