namespace Microsoft.ML.ConvNet.Tests;

/// <summary>Moves values between the plain layout and others, element by element.</summary>
public static class LaidOut
{
    /// <summary>Plain values in the layout of a type; lanes without a sample are zero.</summary>
    public static float[] From(float[] plain, TensorType type, int batch)
    {
        var result = new float[type.Length(batch)];
        ForEach(type, batch, (p, l) => result[l] = plain[p]);
        return result;
    }

    /// <summary>Undoes <see cref="From"/>.</summary>
    public static float[] ToPlain(float[] values, TensorType type, int batch)
    {
        var result = new float[type.Plain.Length(batch)];
        ForEach(type, batch, (p, l) => result[p] = values[l]);
        return result;
    }

    private static void ForEach(TensorType type, int batch, Action<long, long> move)
    {
        var shape = type.Shape;
        for (var sample = 0; sample < (type.Batched ? batch : 1); sample++)
        {
            for (var channel = 0; channel < shape.C; channel++)
            {
                for (var place = 0; place < shape.Plane; place++)
                    move(Layout.Plain.IndexOf(shape, sample, channel, place), type.Layout.IndexOf(shape, sample, channel, place));
            }
        }
    }
}
