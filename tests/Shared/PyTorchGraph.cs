using System.Numerics;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Tests;

/// <summary>
/// One case of PyTorch's reference values as a graph: what to feed, and the nodes that must come out as in the case:
/// the output or loss, the gradient of every input and parameter, and new states.
/// </summary>
public sealed class PyTorchGraph
{
    private readonly PyTorchCase _case;
    private readonly Dictionary<Node, float[]> _fed = [];
    private readonly List<(string Name, Node Node, float[] Values, double Terms)> _expected = [];
    private int _batch = 1;

    private PyTorchGraph(PyTorchCase values) => _case = values;

    /// <summary>The ops that have reference values, each with the function that makes its graph.</summary>
    public static IReadOnlyDictionary<string, Action<PyTorchGraph>> Ops { get; } =
        typeof(PyTorchGraph).Assembly.GetTypes()
            .Where(t => t.IsSubclassOf(typeof(PyTorchOps))).OrderBy(t => t.Name, StringComparer.Ordinal)
            .SelectMany(t => ((PyTorchOps)Activator.CreateInstance(t)!).Graphs)
            .ToDictionary();

    /// <summary>The case.</summary>
    public PyTorchCase Case => _case;

    /// <summary>The cases of all ops as rows of a theory.</summary>
    public static TheoryData<string, PyTorchCase> Theory
    {
        get
        {
            var data = new TheoryData<string, PyTorchCase>();
            foreach (var op in Ops.Keys)
                foreach (var values in PyTorchCases.Load(op))
                    data.Add(op, values);
            return data;
        }
    }

    /// <summary>Makes the graph of one case.</summary>
    public static PyTorchGraph Of(string op, PyTorchCase values)
    {
        var graph = new PyTorchGraph(values);
        Ops[op](graph);
        return graph;
    }

    /// <summary>Checks the naive implementations, in any precision.</summary>
    public void CheckInterpreter<T>(double tolerance) where T : unmanaged, IFloatingPointIeee754<T>
    {
        var interpreter = new Interpreter<T> { Batch = _batch };
        foreach (var (node, values) in _fed)
            interpreter.Set(node, Array.ConvertAll(values, T.CreateChecked));
        foreach (var (name, node, values, terms) in _expected)
            Close.Assert<float, T>(values, interpreter.Evaluate(node), tolerance, name, terms);
    }

    /// <summary>Checks the kernels of a backend, and that they leave alone what lies after the batch.</summary>
    public void CheckPlan(IBackend backend, double tolerance)
    {
        var computation = new Computation { Outputs = [.. _expected.Select(e => e.Node)] };
        var layout = new VariableLayout(computation.Order());
        using var plan = Plan.Compile(computation, layout, backend, _batch + 1);
        var variables = new float[layout.Length];
        foreach (var variable in layout.Variables)
            _fed[variable.Node].CopyTo(variables, variable.Offset);
        plan.WriteVariables(variables);
        foreach (var (node, values) in _fed.Where(f => f.Key.Op is InputOp))
            plan.Write(node, values);
        plan.Run(_batch);
        foreach (var (index, (name, _, values, terms)) in _expected.Index())
        {
            var actual = new float[values.Length];
            plan.Read(index, actual);
            Close.Assert<float, float>(values, actual, tolerance, name, terms);
        }
    }

    /// <summary>The window of a case: kernel, stride, padding and, where it has them, dilations.</summary>
    public Window Window
    {
        get
        {
            var (kernel, stride, padding) = (_case.GetInts("kernel"), _case.GetInts("stride"), _case.GetInts("padding"));
            var dilation = _case.Attributes.TryGetProperty("dilation", out _) ? _case.GetInts("dilation") : [1, 1];
            return new Window(Axis(0), Axis(1));

            WindowAxis Axis(int i) => new(kernel[i], stride[i], padding[i], padding[i], dilation[i]);
        }
    }

    /// <summary>Expects y, and the gradients of Σ y·dy by all that is fed.</summary>
    public void ExpectGradients(Node y, Mode mode = Mode.Inference)
    {
        var sources = _fed.Keys.Where(n => _case.Has($"d{n.Name}")).ToArray();
        var dY = y.Type.Batched ? Input("dy") : Variable("dy");
        var loss = new Node(new ReduceOp { Shape = [1], Batched = false }, [y * dY], "loss");
        var lowered = mode == Mode.Training ? Computation.Training(loss, null, y) : Computation.Inference(loss, y);
        Expect("y", lowered.Outputs[1], _case["y"].Data);

        // A saturated softmax subtracts terms y·dy that are nearly equal.
        var terms = y.Op is SoftmaxOp
            ? Close.RootMeanSquare<float>([.. _case["y"].Data.Zip(_case["dy"].Data, (value, gradient) => value * gradient)])
            : 0;
        Expect(lowered.Outputs[0], sources, terms);
        foreach (var update in lowered.Updates)
            Expect("running", update.Value, [.. _case["running_mean_after"].Data, .. _case["running_var_after"].Data]);
    }

    /// <summary>Expects the loss, and its gradients by the sources.</summary>
    public void ExpectLoss(Node loss, params IReadOnlyList<Node> sources)
    {
        Expect("loss", loss, _case["loss"].Data);
        Expect(loss, sources);
    }

    private void Expect(Node loss, IReadOnlyList<Node> sources, double terms = 0)
    {
        foreach (var (source, gradient) in sources.Zip(Gradients.Of(loss, sources)))
            Expect($"d{source.Name}", gradient!, _case[$"d{source.Name}"].Data, terms);
    }

    /// <summary>Expects the values of a node.</summary>
    public void Expect(string name, Node node, float[] values, double terms = 0) => _expected.Add((name, node, values, terms));

    /// <summary>Feeds a tensor of the case as an input: its first axis is the batch.</summary>
    public Node Input(string name, Shape? shape = null)
    {
        var tensor = _case[name];
        _batch = tensor.Shape[0];
        return Feed(new Node(new InputOp { Shape = shape ?? new Shape(tensor.Shape.AsSpan(1)) }, [], name), tensor.Data);
    }

    /// <summary>Feeds a tensor of the case as a parameter.</summary>
    public Node Variable(string name)
        => Feed(new Node(new VariableOp { Shape = new Shape(_case[name].Shape), Trainable = true }, [], name), _case[name].Data);

    /// <summary>Feeds values to a node.</summary>
    public Node Feed(Node node, float[] values)
    {
        _fed[node] = values;
        return node;
    }
}
