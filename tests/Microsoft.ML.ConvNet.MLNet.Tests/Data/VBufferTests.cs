using Microsoft.ML.Data;

namespace Microsoft.ML.ConvNet.Tests;

public class VBufferTests
{
    private readonly VBuffer<float> _sparse = new(5, 2, [1, 2], [1, 3]);

    [Fact]
    public void Sparse_vectors_know_their_zeros()
    {
        Assert.False(_sparse.IsDense);
        Assert.Equal([0f, 1, 0, 2, 0], _sparse.DenseValues());
        Assert.Equal(2f, _sparse.GetItemOrDefault(3));
        Assert.Equal(0f, _sparse.GetItemOrDefault(4));
        Assert.Equal([new(1, 1f), new(3, 2f)], _sparse.Items());
        Assert.Equal([1, 3], _sparse.GetIndices().ToArray());
        Assert.Equal([1f, 2], _sparse.GetValues().ToArray());
    }

    [Fact]
    public void Copies_are_dense_where_asked()
    {
        var target = new float[6];
        target.AsSpan().Fill(9);
        _sparse.CopyTo(target, 1);
        Assert.Equal([9f, 0, 1, 0, 2, 0], target);

        VBuffer<float> dense = default;
        _sparse.CopyToDense(ref dense);
        Assert.True(dense.IsDense);
        Assert.Equal(5, dense.Length);

        VBuffer<float> part = default;
        _sparse.CopyTo(ref part, 2, 3);
        Assert.Equal([0f, 2, 0], part.DenseValues());
    }

    [Fact]
    public void An_editor_recycles_arrays_that_are_large_enough()
    {
        var array = new float[4];
        var buffer = new VBuffer<float>(4, array);
        var editor = VBufferEditor.Create(ref buffer, 3);
        Assert.False(editor.CreatedNewValues);
        editor.Values[0] = 7;
        buffer = editor.Commit();
        Assert.Equal(7, array[0]);
        Assert.Equal(3, buffer.Length);

        var larger = VBufferEditor.Create(ref buffer, 9);
        Assert.True(larger.CreatedNewValues);
        Assert.Equal(9, larger.Commit().Length);
    }

    [Fact]
    public void Ids_combine_and_fork_into_others()
    {
        var id = new DataViewRowId(5, 0);
        Assert.Equal(new DataViewRowId(5, 0), id);
        Assert.NotEqual(id, id.Fork());
        Assert.NotEqual(id.Fork(), id.Next());
        Assert.Equal(id.Combine(id.Next()), id.Combine(id.Next()));
    }
}
