namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>A table in Markdown, written row by row; a column has a title, and a width that is negative where text starts at the left.</summary>
internal sealed class Table(params (string Title, int Width)[] columns)
{
    public void WriteHeader()
    {
        WriteRow([.. columns.Select(c => c.Title)]);
        WriteRow([.. columns.Select(c => c.Width < 0 ? new string('-', -c.Width) : new string('-', c.Width - 1) + ":")]);
    }

    public void WriteRow(params string[] cells)
        => Console.WriteLine($"| {string.Join(" | ", columns.Zip(cells, (c, cell) => c.Width < 0 ? cell.PadRight(-c.Width) : cell.PadLeft(c.Width)))} |");
}
