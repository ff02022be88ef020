using Microsoft.ML.ConvNet.Backends;

namespace Microsoft.ML.ConvNet.Cpu;

/// <summary>
/// Runs a convolution with groups part by part; see <see cref="GroupedConv"/>. Every operand is cut along its first axis into as many
/// pieces as there are parts: x, y and what is added by channels, weights and bias by output channels. Where a part has several groups,
/// its weights are spread, or their gradient gathered, between the operand and a matrix with zeros between the groups.
/// </summary>
internal sealed unsafe class GroupedKernel(string name, ConvProblem problem, ConvProblem part, Kernel kernel, WorkerPool pool) : Kernel
{
    public override string Name => name;

    public override long WorkspaceLength => Parts * (kernel.WorkspaceLength + (IsWeightGradient ? SpreadLength : 0));

    public override long PreparedLength => Parts * (kernel.PreparedLength + (IsWeightGradient ? 0 : SpreadLength));

    private int Parts => problem.X.C / part.X.C;

    private bool IsWeightGradient => problem.Pass == ConvPass.WeightGradient;

    private int GroupsOfPart => problem.Groups / Parts;

    /// <summary>The floats of a part's weights with zeros between its groups; 0 where it is a single one.</summary>
    private int SpreadLength => GroupsOfPart > 1 ? part.WeightLength : 0;

    public override void Run(KernelCall call) => pool.RunNested(Parts, new PartJob(this, call));

    private readonly struct PartJob(GroupedKernel grouped, KernelCall call) : IParallelJob
    {
        public void Execute(int index) => grouped.RunPart(call, index);
    }

    private void RunPart(KernelCall call, int index)
    {
        TensorView[] inputs = [.. call.Inputs.Select(i => Piece(i, index))];
        var output = Piece(call.Output, index);
        var weights = IsWeightGradient ? output : inputs[1];
        if (GroupsOfPart > 1 && IsWeightGradient)
            output = After(call.Workspace, (Parts * kernel.WorkspaceLength) + ((long)index * SpreadLength));
        else if (GroupsOfPart > 1)
            inputs[1] = After(call.Prepared, (Parts * kernel.PreparedLength) + ((long)index * SpreadLength));

        if (GroupsOfPart > 1 && !IsWeightGradient && call.ParametersChanged)
            Spread(weights.Pointer(), inputs[1].Pointer());
        kernel.Run(new KernelCall
        {
            Inputs = inputs,
            Output = output,
            Workspace = After(call.Workspace, index * kernel.WorkspaceLength),
            Prepared = After(call.Prepared, index * kernel.PreparedLength),
            ParametersChanged = call.ParametersChanged,
            Batch = call.Batch,
            State = call.State,
        });
        if (GroupsOfPart > 1 && IsWeightGradient)
            Gather(output.Pointer(), weights.Pointer());
    }

    private TensorView Piece(TensorView view, int index)
    {
        var shape = view.Type.Shape.WithChannels(view.Type.Shape.C / Parts);
        return new(view.Buffer, view.Offset + ((long)index * shape.Length), view.Type with { Shape = shape });
    }

    private static TensorView After(TensorView view, long length) => view with { Offset = view.Offset + length };

    /// <summary>Weights of the groups to those of the part.</summary>
    private void Spread(float* weights, float* spread)
    {
        new Span<float>(spread, SpreadLength).Clear();
        for (var row = 0; row < part.Y.C; row++)
            Filter(weights, row).CopyTo(FilterOfPart(spread, row));
    }

    /// <summary>Gradients of the part's weights to those of the groups.</summary>
    private void Gather(float* spread, float* weights)
    {
        for (var row = 0; row < part.Y.C; row++)
            FilterOfPart(spread, row).CopyTo(Filter(weights, row));
    }

    private Span<float> Filter(float* weights, int row) => new(weights + ((nint)row * problem.FilterLength), problem.FilterLength);

    /// <summary>The place of a group's filter among the inputs of the whole part.</summary>
    private Span<float> FilterOfPart(float* spread, int row)
    {
        var group = row / (part.Y.C / GroupsOfPart);
        return new(spread + ((nint)row * part.FilterLength) + ((nint)group * problem.FilterLength), problem.FilterLength);
    }
}
