namespace Microsoft.ML.ConvNet.Backends;

/// <summary>
/// Runs an op's naive implementation as a step of a plan, so that an op without a kernel works on every backend.
/// Memory that is not the host's is copied to the host and back.
/// </summary>
internal sealed class ReferenceKernel(OpSignature signature) : Kernel
{
    public override string Name => "reference";

    public override void Run(KernelCall call)
    {
        var operands = new Call(call, signature);
        signature.Op.Reference(operands);
        operands.WriteBack();
    }

    private sealed class Call : ReferenceCall<float>
    {
        private readonly KernelCall _call;
        private readonly float[]?[] _copies;

        [System.Diagnostics.CodeAnalysis.SetsRequiredMembers]
        public Call(KernelCall call, OpSignature signature)
        {
            _call = call;
            InputTypes = signature.Inputs;
            OutputType = signature.Output;
            Batch = call.Batch;
            State = call.State;
            _copies = [.. call.Inputs.Append(call.Output).Select(Copy)];
        }

        public override Span<float> Output => Span(_call.Output, _copies[^1]);

        public override Span<float> Mutable(int input) => Span(_call.Inputs[input], _copies[input]);

        public void WriteBack()
        {
            for (var i = 0; i < _copies.Length; i++)
            {
                if (_copies[i] is { } copy)
                    (i == _call.Inputs.Length ? _call.Output : _call.Inputs[i]).Write(copy);
            }
        }

        private Span<float> Span(TensorView view, float[]? copy)
            => copy ?? view.Buffer.HostSpan(view.Offset, checked((int)view.Type.Length(Batch)));

        private float[]? Copy(TensorView view)
        {
            if (!Span(view, null).IsEmpty)
                return null;
            var copy = new float[view.Type.Length(Batch)];
            view.Read(copy);
            return copy;
        }
    }
}
