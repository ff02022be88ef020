using Microsoft.ML.ConvNet.Ops;

namespace Microsoft.ML.ConvNet;

/// <summary>
/// Layers on sequences, T×F: T steps of F features. They are unrolled in the graph, so that they need no ops of their own.
/// </summary>
public static class Recurrent
{
    /// <summary>A trained vector for each index, such as a word's (Bengio et al. 2003). Input: T; output: T×size.</summary>
    /// <param name="indices">Whole numbers 0…vocabulary−1.</param>
    /// <param name="vocabulary">The number of different indices.</param>
    /// <param name="size">The length of a vector.</param>
    /// <param name="name">The layer's name; embedding1 … by default.</param>
    /// <exception cref="ShapeException">The input is no vector of indices.</exception>
    public static Node Embedding(this Node indices, int vocabulary, int size, string? name = null)
    {
        name ??= indices.Scope.Next("embedding");
        return new Node(new EmbeddingOp(), [indices, indices.Variable([vocabulary, size], Initializer.Normal(1), $"{name}.table")], name);
    }

    /// <summary>
    /// A long short-term memory (Hochreiter &amp; Schmidhuber 1997, with the forget gate of Gers, Schmidhuber &amp; Cummins 2000):
    /// i, f, o = σ(W·x + U·h + b), g = tanh(W·x + U·h + b), c ← f·c + i·g, h ← o·tanh(c). Gates lie in PyTorch's order i, f, g, o.
    /// Output: T×units, the state h after each step.
    /// </summary>
    /// <param name="x">The sequence, T×F.</param>
    /// <param name="units">The length of the state.</param>
    /// <param name="mask">1 for each step that counts, 0 for padding, T; after a step that does not count the state is as before.</param>
    /// <param name="initial">The first state h; zeros by default.</param>
    /// <param name="name">The layer's name; lstm1 … by default.</param>
    /// <exception cref="ShapeException">The input is no sequence.</exception>
    public static Node Lstm(this Node x, int units, Node? mask = null, Node? initial = null, string? name = null)
    {
        name ??= x.Scope.Next("lstm");
        var weights = new Weights(x, units, gates: 4, name);
        var (h, c) = (initial, (Node?)null);
        return Unroll(x, mask, units, name, (step, m) =>
        {
            var gates = weights.OfInput(step);
            if (h != null)
                gates += weights.OfState(h);
            var parts = gates.Split(4);
            var (i, f, g, o) = (parts[0].Sigmoid(), parts[1].Sigmoid(), parts[2].Tanh(), parts[3].Sigmoid());
            c = Keep(c == null ? i * g : (f * c) + (i * g), c, m);
            return h = Keep(o * c.Tanh(), h, m);
        });
    }

    /// <summary>
    /// A gated recurrent unit (Cho et al. 2014), in PyTorch's form: r, z = σ(W·x + b + U·h + d), n = tanh(W·x + b + r·(U·h + d)),
    /// h ← (1 − z)·n + z·h. Gates lie in the order r, z, n. Output: T×units, the state h after each step.
    /// </summary>
    /// <param name="x">The sequence, T×F.</param>
    /// <param name="units">The length of the state.</param>
    /// <param name="mask">1 for each step that counts, 0 for padding, T; after a step that does not count the state is as before.</param>
    /// <param name="initial">The first state h; zeros by default.</param>
    /// <param name="name">The layer's name; gru1 … by default.</param>
    /// <exception cref="ShapeException">The input is no sequence.</exception>
    public static Node Gru(this Node x, int units, Node? mask = null, Node? initial = null, string? name = null)
    {
        name ??= x.Scope.Next("gru");
        var weights = new Weights(x, units, gates: 3, name);
        var bias = x.Variable([3 * units], Initializer.Zeros, $"{name}.stateBias");
        var h = initial;
        return Unroll(x, mask, units, name, (step, m) =>
        {
            var (ofInput, ofState) = (weights.OfInput(step).Split(3), (h == null ? bias : weights.OfState(h, bias)).Split(3));
            var (r, z) = ((ofInput[0] + ofState[0]).Sigmoid(), (ofInput[1] + ofState[1]).Sigmoid());
            var n = (ofInput[2] + (r * ofState[2])).Tanh();
            // (1 − z)·n + z·h = n + z·(h − n).
            return h = Keep(h == null ? n - (z * n) : n + (z * (h - n)), h, m);
        });
    }

    /// <summary>The last step of a sequence, T×F. Output: F.</summary>
    public static Node LastStep(this Node x) => x.Slice(0, x.Shape[0] - 1, 1).Flatten();

    private static Node Unroll(Node x, Node? mask, int units, string name, Func<Node, Node?, Node> next)
    {
        var steps = new List<Node>();
        for (var t = 0; t < x.Shape[0]; t++)
        {
            var step = x.Slice(0, t, 1).Flatten();
            steps.Add(next(step, mask?.Slice(0, t, 1)).Reshape([1, units]));
        }

        return new Node(new ConcatOp(), steps, name);
    }

    /// <summary>The new state where the mask is 1, and the old one (zeros at first) where it is 0.</summary>
    private static Node Keep(Node state, Node? old, Node? mask)
        => mask == null ? state : old == null ? state * mask : old + ((state - old) * mask);

    /// <summary>W (gates·units×F) with a bias, and U (gates·units×units).</summary>
    private sealed class Weights
    {
        private readonly Node _weight;
        private readonly Node _bias;
        private readonly Node _stateWeight;

        public Weights(Node x, int units, int gates, string name)
        {
            var op = new ConcatOp();
            if (x.Shape.Rank != 2 || !x.Type.Batched)
                throw new OpInputs(op, name, [x]).Error("a recurrent layer takes a sequence of steps×features");
            if (units < 1)
                throw new OpInputs(op, name, [x]).Error($"it needs at least 1 unit, not {units}");
            _weight = x.Variable([gates * units, x.Shape[1]], Initializer.Xavier, $"{name}.weight");
            _bias = x.Variable([gates * units], Initializer.Zeros, $"{name}.bias");
            _stateWeight = x.Variable([gates * units, units], Initializer.Xavier, $"{name}.stateWeight");
        }

        public Node OfInput(Node step) => new(new MatMulOp { TransposeB = true }, [step, _weight, _bias]);

        public Node OfState(Node state) => new(new MatMulOp { TransposeB = true }, [state, _stateWeight]);

        public Node OfState(Node state, Node bias) => new(new MatMulOp { TransposeB = true }, [state, _stateWeight, bias]);
    }
}
