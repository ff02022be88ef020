using System.Diagnostics;
using System.Globalization;
using System.Text;
using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Compile.Passes;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Compile;

/// <summary>
/// A computation made ready to run on a backend: a list of steps with their kernels, and memory for the largest batch.
/// It is compiled once and run many times, by one thread at a time.
/// </summary>
public sealed class Plan : IDisposable
{
    private readonly IBackend _backend;
    private readonly Computation _computation;
    private readonly VariableLayout _layout;
    private readonly DeviceBuffer _arena;
    private readonly VariableSlab _variables;
    private readonly ConstantNodes _constant;
    private readonly DeviceBuffer? _gradients;
    private readonly DeviceBuffer? _sums;
    private readonly DeviceBuffer[] _moments;
    private readonly List<DeviceBuffer> _owned = [];
    private readonly Dictionary<Node, TensorView> _views = [];
    private readonly List<Step> _steps = [];
    private readonly List<Step> _update = [];
    private readonly Step? _accumulation;

    private Plan(Computation computation, VariableLayout layout, IBackend backend, int maxBatch, Plan? variablesOf)
    {
        (_backend, _layout, MaxBatch) = (backend, layout, maxBatch);
        _computation = computation = backend.Passes.Aggregate(computation, (c, pass) => pass.Run(c, maxBatch));
        _computation = computation = OwnBuffers.Run(computation);

        var order = computation.Order();
        _constant = new ConstantNodes(computation);
        var storages = new StorageAssignment(computation, order, layout, maxBatch, _constant.All);
        var kernels = order.Index()
            .Where(n => n.Item.Op is not (InputOp or VariableOp) && !n.Item.Op.IsView)
            .Select(n => (n.Index, Node: n.Item, Kernel: Bind(n.Item.Op, [.. n.Item.Inputs.Select(i => i.Type)], n.Item.Type, _constant.HasConstantParameters(n.Item))))
            .ToArray();

        var workspaces = kernels.Where(k => k.Kernel.WorkspaceLength > 0)
            .ToDictionary(k => k.Node, k => new Storage(Pool.Arena, 0, k.Kernel.WorkspaceLength, k.Index));
        var prepared = kernels.Where(k => k.Kernel.PreparedLength > 0).ToDictionary(k => k.Node, k => PreparedStorage(k.Node, k.Kernel, k.Index));
        Storage[] shared = [.. storages.Arena, .. workspaces.Values, .. prepared.Values];
        var (offsets, arenaLength) = MemoryPlanner.Place([.. shared.Select(s => new MemoryPlanner.Buffer(s.Length, s.First, s.Last))]);
        foreach (var (storage, offset) in shared.Zip(offsets))
            storage.Offset = offset;
        UnsharedBytes = shared.Sum(s => s.Length) * sizeof(float);

        try
        {
            _arena = Allocate(arenaLength);
            _variables = variablesOf?._variables ?? new VariableSlab(Allocate(layout.Length));
            _gradients = computation.Gradients.Count > 0 ? Allocate(layout.TrainableLength) : null;
            _sums = _gradients != null && computation.AccumulatesGradients ? Allocate(layout.TrainableLength) : null;
            _moments = [.. Enumerable.Range(0, computation.Optimizer?.Moments ?? 0).Select(_ => Allocate(layout.TrainableLength))];
        }
        catch
        {
            Dispose();
            throw;
        }

        foreach (var node in order)
            _views[node] = ViewOf(storages[node], node.Type);
        foreach (var (_, node, kernel) in kernels)
        {
            _steps.Add(NewStep(node.Name, node.Op, kernel, [.. node.Inputs.Select(i => _views[i])], _views[node], ScratchView(workspaces), ScratchView(prepared), node));

            TensorView ScratchView(Dictionary<Node, Storage> of) => of.TryGetValue(node, out var storage) ? ViewOf(storage, new TensorType([], false)) : default;
        }

        if (computation.Optimizer is { } optimizer && layout.TrainableLength > 0)
        {
            _update.Add(SlabStep("optimizer", optimizer, [_variables.Buffer, _sums ?? _gradients!, .. _moments], _variables.Buffer));
            if (_sums != null)
            {
                // Plain gradient descent by a negative rate adds to the sums, which begin as zeros.
                _steps.Add(_accumulation = SlabStep("accumulation", new SgdOp(), [_sums, _gradients!], _sums));
                _update.Add(SlabStep("no gradients", new FillOp { Shape = [layout.TrainableLength], Value = 0 }, [], _sums));
            }
        }

        Step SlabStep(string name, Op op, DeviceBuffer[] inputs, DeviceBuffer output)
        {
            var slab = new TensorType([layout.TrainableLength], false);
            return NewStep(
                name, op, Bind(op, [.. inputs.Select(_ => slab)], slab, keepsPrepared: false),
                [.. inputs.Select(b => new TensorView(b, 0, slab))], new TensorView(output, 0, slab), default, default, null);
        }
    }

    /// <summary>The largest batch that fits.</summary>
    public int MaxBatch { get; }

    /// <summary>The bytes of the arena: all activations, their gradients and all workspaces, shared by lifetime.</summary>
    public long ArenaBytes => _arena.Length * sizeof(float);

    /// <summary>The bytes that the same buffers would take if none were shared.</summary>
    public long UnsharedBytes { get; }

    /// <summary>The bytes of parameters, states, gradients and moments.</summary>
    public long VariableBytes => _owned.Where(b => b != _arena).Sum(b => b.Length) * sizeof(float);

    /// <summary>The steps, in the order in which they run.</summary>
    public IReadOnlyList<PlanStep> Steps => [.. AllSteps.Select(s => s.Description)];

    /// <summary>Compiles a computation.</summary>
    /// <param name="computation">What to compute.</param>
    /// <param name="layout">The places of the network's variables.</param>
    /// <param name="backend">Where to run it.</param>
    /// <param name="maxBatch">The largest batch; smaller ones run in the same memory.</param>
    /// <param name="variablesOf">
    /// A plan on the same backend and with a layout of the same variables, whose values this plan shares; it is disposed last. By
    /// default the plan has values of its own.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">The batch is below one.</exception>
    /// <exception cref="ArgumentException">The plan to share with has other variables.</exception>
    public static Plan Compile(Computation computation, VariableLayout layout, IBackend backend, int maxBatch, Plan? variablesOf = null)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(maxBatch, 1);
        if (variablesOf != null && (variablesOf._backend != backend || !variablesOf._layout.Variables.SequenceEqual(layout.Variables)))
            throw new ArgumentException("Only plans on one backend, of networks with the same variables, can share their values.", nameof(variablesOf));
        return new Plan(computation, layout, backend, maxBatch, variablesOf);
    }

    /// <summary>Sets an input for the next run, sample after sample. A run may overwrite it.</summary>
    /// <exception cref="ArgumentException">There are more values than fit, or the node is no input of the plan.</exception>
    public void Write(Node input, ReadOnlySpan<float> values) => ViewOf(input, values.Length).Write(values);

    /// <summary>
    /// Begins to set an input for the run after the one that may still be going on: on a device the values travel meanwhile. Calling what is returned ends it; the values
    /// stay as they are until then.
    /// </summary>
    /// <exception cref="ArgumentException">There are more values than fit, or the node is no input of the plan.</exception>
    public Action BeginWrite(Node input, ReadOnlyMemory<float> values) => ViewOf(input, values.Length).BeginWrite(values);

    /// <summary>Runs all steps for the first <paramref name="batch"/> samples. Reading waits for a run on a device; so does <see cref="Wait"/>.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The batch is below one or above <see cref="MaxBatch"/>.</exception>
    public void Run(int batch, RunState state = default)
    {
        CheckBatch(batch);
        RunSteps(AllSteps, batch, state);
    }

    /// <summary>
    /// Runs a part of a batch, of a computation that accumulates gradients: the optimizer waits for <see cref="ApplyGradients"/>, and then applies the
    /// sum of the parts' gradients, each times its share. Where the loss is a mean over the samples, shares that are those of the samples
    /// give the gradients of the whole batch. States are updated by each part.
    /// </summary>
    /// <param name="batch">The samples of the part.</param>
    /// <param name="share">What its gradients are multiplied by.</param>
    /// <param name="state">The seed and the step that random numbers of this part are drawn by.</param>
    /// <exception cref="ArgumentOutOfRangeException">The batch is below one or above <see cref="MaxBatch"/>.</exception>
    /// <exception cref="InvalidOperationException">The computation does not accumulate gradients.</exception>
    public void RunPart(int batch, float share, RunState state = default)
    {
        CheckBatch(batch);
        CheckAccumulates();
        RunSteps(_steps, batch, state, share);
    }

    /// <summary>Applies the gradients of the parts since the last time, and begins anew.</summary>
    /// <exception cref="InvalidOperationException">The computation does not accumulate gradients.</exception>
    public void ApplyGradients(RunState state)
    {
        CheckAccumulates();
        RunSteps(_update, 1, state);
    }

    /// <summary>Returns when all that was started is done.</summary>
    public void Wait() => _backend.Synchronize();

    /// <summary>Runs all steps like <see cref="Run"/> and measures each.</summary>
    /// <returns>The time of each of <see cref="Steps"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">The batch is below one or above <see cref="MaxBatch"/>.</exception>
    public IReadOnlyList<TimeSpan> Profile(int batch, RunState state = default)
    {
        CheckBatch(batch);
        var times = new TimeSpan[AllSteps.Count()];
        foreach (var (index, step) in AllSteps.Index())
        {
            var start = Stopwatch.GetTimestamp();
            RunStep(step, batch, state);
            _backend.Synchronize();
            times[index] = Stopwatch.GetElapsedTime(start);
        }

        NoteUpdates();
        return times;
    }

    /// <summary>Reads an output of the last run.</summary>
    /// <param name="output">The index among the computation's outputs.</param>
    /// <param name="values">What to fill, from the first sample on.</param>
    public void Read(int output, Span<float> values) => _views[_computation.Outputs[output]].Read(values);

    /// <summary>Copies the beginning of an output of the last run to other memory of the backend, which need not wait for that run.</summary>
    /// <param name="output">The index among the computation's outputs.</param>
    /// <param name="length">How many values.</param>
    /// <param name="target">The memory.</param>
    /// <param name="offset">The place of the first value there.</param>
    public void Copy(int output, int length, DeviceBuffer target, long offset)
    {
        var view = _views[_computation.Outputs[output]];
        view.Buffer.CopyTo(view.Offset, target, offset, length);
    }

    /// <summary>Sets all parameters and states.</summary>
    public void WriteVariables(ReadOnlySpan<float> values)
    {
        _variables.Buffer.Write(0, values);
        _variables.Version++;
    }

    /// <summary>Reads all parameters and states.</summary>
    public void ReadVariables(Span<float> values) => _variables.Buffer.Read(0, values);

    /// <summary>Reads the gradients of the last run, laid out as the parameters.</summary>
    /// <exception cref="InvalidOperationException">The computation has none.</exception>
    public void ReadGradients(Span<float> values)
        => (_gradients ?? throw new InvalidOperationException("The computation has no gradients.")).Read(0, values);

    /// <summary>Reads one of the optimizer's moments.</summary>
    public void ReadMoment(int moment, Span<float> values) => _moments[moment].Read(0, values);

    /// <summary>Sets one of the optimizer's moments, to go on where another run stopped.</summary>
    public void WriteMoment(int moment, ReadOnlySpan<float> values) => _moments[moment].Write(0, values);

    /// <summary>A table of the steps and the kernels that they run on, and the memory.</summary>
    public string Describe()
    {
        var text = new StringBuilder();
        var rows = Steps.Select(s => (Name: s.Name, Type: s.Output.ToString(), Kernel: s.Reason == null ? s.Kernel : $"{s.Kernel} ({s.Reason})")).ToArray();
        var (names, types) = (rows.Select(r => r.Name.Length).DefaultIfEmpty().Max(), rows.Select(r => r.Type.Length).DefaultIfEmpty().Max());
        foreach (var (name, type, kernel) in rows)
            text.AppendLine(CultureInfo.InvariantCulture, $"{name.PadRight(names)}  {type.PadRight(types)}  {kernel}");
        text.AppendLine(CultureInfo.InvariantCulture,
            $"{rows.Length} steps on {_backend.Name}; batch ≤ {MaxBatch}; arena {ArenaBytes:N0} bytes ({UnsharedBytes:N0} unshared), variables {VariableBytes:N0} bytes");
        return text.ToString();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var buffer in _owned)
            buffer.Dispose();
    }

    private IEnumerable<Step> AllSteps => _steps.Concat(_update);

    private void RunSteps(IEnumerable<Step> steps, int batch, RunState state, float share = 1)
    {
        foreach (var step in steps)
            RunStep(step, batch, state, share);
        NoteUpdates();
    }

    private void RunStep(Step step, int batch, RunState state, float share = 1)
        => step.Run(batch, ReferenceEquals(step, _accumulation) ? state with { LearningRate = -share } : state, _variables.Version);

    private DeviceBuffer Allocate(long length)
    {
        _owned.Add(_backend.Allocate(length));
        return _owned[^1];
    }

    private TensorView ViewOf(Node input, int length)
    {
        if (input.Op is not InputOp || !_views.TryGetValue(input, out var view))
            throw new ArgumentException($"{input} is not an input of this plan.", nameof(input));
        return length <= input.Type.Length(MaxBatch)
            ? view
            : throw new ArgumentException($"{input} takes {input.Type.Length(MaxBatch)} values for {MaxBatch} samples; received {length}.", "values");
    }

    private void CheckBatch(int batch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(batch, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(batch, MaxBatch);
    }

    private void CheckAccumulates()
    {
        if (!_computation.AccumulatesGradients)
            throw new InvalidOperationException($"The computation does not accumulate gradients; {nameof(Run)} runs it.");
    }

    private Kernel Bind(Op op, IReadOnlyList<TensorType> inputs, TensorType output, bool keepsPrepared)
    {
        var signature = new OpSignature(op, inputs, output, MaxBatch) { KeepsPrepared = keepsPrepared };
        return _backend.Find(signature)
            ?? (signature.IsPlain ? new ReferenceKernel(signature) : throw new InvalidOperationException($"{_backend.Name} has no kernel for {op.Name} in the layouts that it asked for."));
    }

    private TensorView ViewOf(Storage storage, TensorType type)
        => new(storage.Pool switch { Pool.Arena => _arena, Pool.Variables => _variables.Buffer, _ => _gradients! }, storage.Offset, type);

    private Storage PreparedStorage(Node node, Kernel kernel, int index)
        => _constant.HasConstantParameters(node)
            ? new Storage(Pool.Arena, 0, kernel.PreparedLength, 0) { Last = int.MaxValue }
            : new Storage(Pool.Arena, 0, kernel.PreparedLength, index);

    private void NoteUpdates()
    {
        if (_computation.Optimizer != null || _computation.Updates.Count > 0)
            _variables.Version++;
    }

    private Step NewStep(
        string name, Op op, Kernel kernel, TensorView[] inputs, TensorView output, TensorView workspace, TensorView prepared, Node? node)
        => new(
            kernel,
            new KernelCall { Inputs = inputs, Output = output, Workspace = workspace, Prepared = prepared },
            new PlanStep(name, op, output.Type, kernel.Name) { Reason = kernel.Reason },
            node != null && _constant.HasConstantParameters(node),
            node != null && _constant.Contains(node));

    /// <summary>The values of a network's variables, which plans share, and how often they were changed.</summary>
    private sealed class VariableSlab(DeviceBuffer buffer)
    {
        public DeviceBuffer Buffer => buffer;

        public long Version { get; set; }
    }

    private sealed record Step(Kernel Kernel, KernelCall Call, PlanStep Description, bool KeepsPrepared, bool IsConstant)
    {
        private long? _preparedFor;

        public void Run(int batch, RunState state, long variables)
        {
            (Call.Batch, Call.State) = (batch, state);
            Call.ParametersChanged = !KeepsPrepared || _preparedFor != variables;
            _preparedFor = variables;
            if (Call.ParametersChanged || !IsConstant)
                Kernel.Run(Call);
        }
    }
}

/// <summary>One step of a plan.</summary>
/// <param name="Name">The node that it computes.</param>
/// <param name="Op">The op.</param>
/// <param name="Output">The type of what it computes.</param>
/// <param name="Kernel">The algorithm; "reference" where the backend has none.</param>
public sealed record PlanStep(string Name, Op Op, TensorType Output, string Kernel)
{
    /// <summary>Why it is this algorithm, where there was a choice.</summary>
    public string? Reason { get; init; }
}
