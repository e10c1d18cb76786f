import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { describe, it } from 'node:test';
import { Authority, pinOf, selfSigned } from './authority.js';

describe('the authority of a cluster', () => {
  it('signs certificates that OpenSSL reads and verifies', () => {
    for (let round = 0; round < 50; round += 1) {
      const authority = new Authority('token');
      const own = new X509Certificate(authority.certificate);
      assert.ok(own.ca && own.verify(own.publicKey));
      const identity = authority.identity('gpu-1');
      const issued = new X509Certificate(identity.cert);
      assert.ok(!issued.ca && issued.checkIssued(own) && issued.verify(own.publicKey));
      assert.equal(issued.subject, `CN=${authority.nameOf('gpu-1')}`);
      assert.ok(Date.parse(issued.validFrom) < Date.now() && Date.parse(issued.validTo) > Date.now() + 86_400_000);
      assert.equal(authority.pin, pinOf(authority.certificate));
    }
  });

  it('is another one in each cluster, and names nodes so that no stranger can read them', () => {
    const [one, other] = [new Authority('token'), new Authority('token of another')];
    assert.notEqual(one.pin, other.pin);
    assert.notEqual(one.nameOf('gpu-1'), other.nameOf('gpu-1'));
    const issued = new X509Certificate(one.identity('gpu-1').cert);
    assert.equal(issued.verify(new X509Certificate(other.certificate).publicKey), false);
    assert.doesNotMatch(issued.toString(), /gpu|nbserve/);
    assert.doesNotMatch(`${one.certificate} ${new X509Certificate(selfSigned().cert).subject}`, /nbserve/);
    assert.match(new X509Certificate(one.certificate).subject, /^CN=[0-9a-f]{32}$/);
  });

  it('certifies a key that it does not know', () => {
    const joiner = selfSigned();
    const its = new X509Certificate(joiner.cert);
    assert.equal(joiner.fingerprint, pinOf(its.raw));
    const authority = new Authority('token');
    const issued = new X509Certificate(authority.certify('n', its.publicKey.export({ type: 'spki', format: 'pem' }).toString()));
    assert.ok(issued.publicKey.equals(its.publicKey));
  });
});
