using System.Text;

namespace Turnpike.Cli;

/// <summary>Columns under headings, three spaces apart and at least ten characters wide, aligned as in istioctl.</summary>
internal sealed class TextTable(params string[] headings)
{
    private const int LeastWidth = 10;
    private const int Padding = 3;

    private readonly int[] _widths = [.. headings.Select(heading => Math.Max(LeastWidth, heading.Length + Padding))];
    private readonly List<string[]> _rows = [headings];

    public void Add(params string[] cells)
    {
        for (var column = 0; column < cells.Length; column++)
            _widths[column] = Math.Max(_widths[column], cells[column].Length + Padding);
        _rows.Add(cells);
    }

    /// <summary>Returns the rows since the last call, on the first call with the headings, and removes them.</summary>
    public string TakeNew()
    {
        var text = ToString();
        _rows.Clear();
        return text;
    }

    public override string ToString()
    {
        var text = new StringBuilder();
        foreach (var row in _rows)
        {
            for (var column = 0; column < row.Length - 1; column++)
                text.Append(row[column].PadRight(_widths[column]));
            text.Append(row[^1]).Append('\n');
        }
        return text.ToString();
    }
}
