using System.Globalization;
using System.Text;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>The table of <see cref="Network.Summary"/>.</summary>
public static class NetworkSummary
{
    /// <summary>A table of layers, output shapes, receptive fields, bytes of a sample's values, parameters and multiply-adds, with totals.</summary>
    public static string Summary(this Node output) => new Network(output).Summary();

    internal static string Of(Network network)
    {
        List<string[]> rows = [["Layer", "Kind", "Output", "Sees", "Bytes", "Parameters", "Multiply-adds"]];
        foreach (var node in network.Nodes.Where(n => n.Op is not VariableOp))
        {
            var kind = node.Description is { Length: > 0 } description ? $"{node.Op.Name} ({description})" : node.Op.Name;
            rows.Add([node.Name, kind, node.Shape.ToString(), node.ReceptiveField?.ToString() ?? "all", Number(node.ActivationBytes), Number(node.ParameterCount), Number(node.MultiplyAdds)]);
        }

        rows.Add(["Total", "", "", "", Number(network.Nodes.Where(n => n.Op is not VariableOp).Sum(n => n.ActivationBytes)), Number(network.ParameterCount), Number(network.MultiplyAdds)]);
        return Format(rows);
    }

    private static string Format(List<string[]> rows)
    {
        var widths = Enumerable.Range(0, rows[0].Length).Select(c => rows.Max(r => r[c].Length)).ToArray();
        var rule = new string('─', widths.Sum() + (2 * (widths.Length - 1)));
        var text = new StringBuilder();
        for (var r = 0; r < rows.Count; r++)
        {
            if (r == 1 || r == rows.Count - 1)
                text.AppendLine(rule);
            var cells = rows[r].Select((cell, c) => c >= 4 ? cell.PadLeft(widths[c]) : cell.PadRight(widths[c]));
            text.AppendLine(string.Join("  ", cells).TrimEnd());
        }

        return text.ToString();
    }

    private static string Number(long value) => value == 0 ? "" : value.ToString("N0", CultureInfo.InvariantCulture);
}
