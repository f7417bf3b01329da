using System.Text;

namespace Turnpike.Cli;

/// <summary>Columns under headings, three spaces apart and at least ten wide, as istioctl aligned them.</summary>
internal sealed class TextTable(params string[] headings)
{
    private const int LeastWidth = 10;
    private const int Padding = 3;

    private readonly List<string[]> _rows = [headings];

    public void Add(params string[] cells) => _rows.Add(cells);

    public override string ToString()
    {
        var widths = headings.Select((_, column) => Math.Max(LeastWidth, _rows.Max(row => row[column].Length) + Padding)).ToArray();
        var text = new StringBuilder();
        foreach (var row in _rows)
        {
            for (var column = 0; column < row.Length - 1; column++)
                text.Append(row[column].PadRight(widths[column]));
            text.Append(row[^1]).Append('\n');
        }
        return text.ToString();
    }
}
