using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>
/// The table of cases: for each op the shapes and attributes at which kernels and gradients go wrong if they do: odd
/// sizes, batches of 1 and 37, 1 and 33 channels, strides, paddings, dilations, groups. A family of ops is a file in Cases/.
/// </summary>
public static class OpCases
{
    public static IReadOnlyList<OpCase> All { get; } =
    [
        .. typeof(OpCases).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(OpCaseTable))).OrderBy(t => t.Name, StringComparer.Ordinal)
            .SelectMany(t => ((OpCaseTable)Activator.CreateInstance(t)!).Cases),
    ];

    private static readonly Dictionary<string, OpCase> _byName = All.GroupBy(c => c.ToString()).ToDictionary(g => g.Key, g => g.First());

    /// <summary>The cases by name, for theories.</summary>
    public static TheoryData<string> Names(Func<OpCase, bool> filter)
    {
        var data = new TheoryData<string>();
        foreach (var (name, _) in _byName.Where(c => filter(c.Value)))
            data.Add(name);
        return data;
    }

    public static OpCase Find(string name) => _byName[name];
}

/// <summary>The cases of one family of ops.</summary>
public abstract class OpCaseTable
{
    /// <summary>The tolerance of kernels that compute each element by itself.</summary>
    protected const double Pointwise = 1e-5;

    public abstract IReadOnlyList<OpCase> Cases { get; }

    /// <summary>One tensor for each sample.</summary>
    protected static TensorType Each(params int[] shape) => new(new Shape(shape), true);

    /// <summary>One tensor for all samples.</summary>
    protected static TensorType Once(params int[] shape) => new(new Shape(shape), false);

    /// <summary>A window that is the same along height and width.</summary>
    protected static Window Square(int size, int stride = 1, int padding = 0, int dilation = 1)
    {
        var axis = new WindowAxis(size, stride, padding, padding, dilation);
        return new Window(axis, axis);
    }
}
