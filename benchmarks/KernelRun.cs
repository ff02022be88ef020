using Microsoft.ML.ConvNet.Backends;
using Microsoft.ML.ConvNet.Cpu;
using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet.Benchmarks;

/// <summary>A single kernel, bound as a plan binds it, with operands of random numbers.</summary>
internal sealed class KernelRun : IDisposable
{
    private readonly Kernel _kernel;
    private readonly KernelCall _call;
    private readonly DeviceBuffer[] _buffers;

    public KernelRun(CpuBackend backend, Op op, int batch, params TensorType[] inputs)
    {
        var sources = inputs.Index().Select(i => new Node(
            i.Item.Batched ? new InputOp { Shape = i.Item.Shape } : new VariableOp { Shape = i.Item.Shape, Trainable = true }, [], $"x{i.Index}")).ToArray();
        var node = new Node(op, sources, "y");
        MultiplyAdds = node.MultiplyAdds * (node.Type.Batched || inputs.Any(i => i.Batched) ? batch : 1);
        _kernel = backend.Find(new OpSignature(op, inputs, node.Type, batch))!;

        var workspace = backend.Allocate(_kernel.WorkspaceLength);
        var prepared = backend.Allocate(_kernel.PreparedLength);
        var operands = inputs.Append(node.Type).Select(t => new TensorView(backend.Allocate(t.Length(batch)), 0, t)).ToArray();
        foreach (var operand in operands)
            operand.Write([.. Enumerable.Range(0, (int)operand.Buffer.Length).Select(i => (float)CounterRandom.Uniform(1, (uint)i))]);
        _call = new KernelCall
        {
            Inputs = operands[..^1],
            Output = operands[^1],
            Workspace = new TensorView(workspace, 0, new TensorType([], false)),
            Prepared = new TensorView(prepared, 0, new TensorType([], false)),
            Batch = batch,
        };
        _buffers = [workspace, prepared, .. operands.Select(o => o.Buffer)];
    }

    /// <summary>The kernel's own name.</summary>
    public string Kernel => _kernel.Name;

    /// <summary>The multiply-adds of one run.</summary>
    public long MultiplyAdds { get; }

    public void Run() => _kernel.Run(_call);

    public void Dispose()
    {
        foreach (var buffer in _buffers)
            buffer.Dispose();
    }
}
