console.log("native addon: not yet part of the tree");
