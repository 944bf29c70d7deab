/** A self-signed certificate for localhost and 127.0.0.1, valid from 2020 to 2120, for tests alone. */
export const certificate: string = `-----BEGIN CERTIFICATE-----
MIIBaDCCAQ2gAwIBAgIBATAKBggqhkjOPQQDAjAUMRIwEAYDVQQDDAlsb2NhbGhv
c3QwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBQxEjAQBgNVBAMM
CWxvY2FsaG9zdDBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABDf+vfyZGwQz+4l2
zESj6WLFqCQEDDmJuDwFine+rXwwFtys1jxmLEAoRQ3uSDIH33G0egk5SHDzspIx
iaDL1VijTjBMMBoGA1UdEQQTMBGCCWxvY2FsaG9zdIcEfwAAATAPBgNVHRMBAf8E
BTADAQH/MB0GA1UdDgQWBBSGmyjRTKa/6SmfS1Nf654+Cr6dOzAKBggqhkjOPQQD
AgNJADBGAiEAms5LLMsHxb34RIZkAUES+xee8XgKbAKz5h2Q1sZBFfMCIQCmGbkR
56YsnZqv/IKxa54j5KxJ8EDgCBTg9J0qIk9oIA==
-----END CERTIFICATE-----
`

/** The private key of {@link certificate}. It protects nothing. */
export const privateKey: string = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgVUiisx1gyMHW07k9
DILHqacjOyWMcblJR2Fpikh5chahRANCAAQ3/r38mRsEM/uJdsxEo+lixagkBAw5
ibg8BYp3vq18MBbcrNY8ZixAKEUN7kgyB99xtHoJOUhw87KSMYmgy9VY
-----END PRIVATE KEY-----
`
